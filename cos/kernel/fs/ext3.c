/* ext3.c - see ext3.h. The partition, in blocks of 4 kB (sizes are OUR CHOICE):
 *
 *     inode table | block bitmaps | directories | journal ... files
 *
 * A change to a file changes the block of its inode (time and size), and one that makes it longer
 * also that of the bitmap of its block group. [EXT3] */
#include "cos/kernel/fs/ext3.h"

#include "cos/kernel/errno.h"
#include "cos/kernel/fs/jbd.h"

#define INODE_BLOCKS_SHIFT 14u
#define INODE_BLOCKS (1u << INODE_BLOCKS_SHIFT)
#define INODES_PER_BLOCK 32u /* of 128 bytes */
#define BITMAP_BLOCKS 256u
#define BLOCKS_PER_GROUP 32768u
#define DIRECTORY_BLOCKS 8192u
#define JOURNAL_BLOCKS 8192u /* 32 MB */
#define BITMAPS INODE_BLOCKS
#define DIRECTORIES (BITMAPS + BITMAP_BLOCKS)
#define JOURNAL (DIRECTORIES + DIRECTORY_BLOCKS)

void ext3_init(void)
{
    buffer_init(JOURNAL + JOURNAL_BLOCKS);
    journal_init(JOURNAL, JOURNAL_BLOCKS);
}

/* ---- writing --------------------------------------------------------------------------------- */
static bool change_block(uint32_t block)
{
    struct buffer_head *bh = bread(block);
    if (bh == NULL)
        return false;
    const bool ours = journal_get_write_access(bh);
    brelse(bh);
    return ours;
}

/* Some block or other, that stays the file's when its name changes. */
static uint32_t inode_block_of(const struct address_space *f)
{
    return f->sector * 2654435761u >> (32 - INODE_BLOCKS_SHIFT);
}

int ext3_prepare_write(const struct address_space *f, uint32_t index, bool grows)
{
    journal_start();
    const uint32_t group = (f->sector + index) / BLOCKS_PER_GROUP % BITMAP_BLOCKS;
    if (change_block(inode_block_of(f)) && (!grows || change_block(BITMAPS + group)))
        return 0;
    journal_stop();
    return -ENOMEM;
}

void ext3_commit_write(struct page *page)
{
    struct buffer_head *bh = create_empty_buffers(page);
    if (bh != NULL)
        journal_dirty_data(bh);
    journal_stop();
}

void ext3_sync(void)
{
    const uint32_t tid = journal_last();
    log_start_commit(tid);
    log_wait_commit(tid);
}

/* ---- looking --------------------------------------------------------------------------------- */
static bool read_block(uint32_t block)
{
    struct buffer_head *bh = bread(block);
    if (bh != NULL)
        brelse(bh);
    return bh != NULL;
}

bool ext3_read_inode(uint32_t file_no)
{
    return read_block(file_no / INODES_PER_BLOCK % INODE_BLOCKS);
}

bool ext3_read_directory(uint32_t number)
{
    return read_block(DIRECTORIES + number % DIRECTORY_BLOCKS);
}
