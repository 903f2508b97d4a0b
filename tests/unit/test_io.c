/* test_io.c - whole files, paths and codes: shared/io.c, shared/path.c, shared/err.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/err.h"
#include "shared/io.h"
#include "shared/path.h"
#include "shared/units.h"

static char folder[64];

static int setup(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/test_io.XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    char command[128];
    (void)state;
    (void)snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

/* One path at a time: the buffer is used again by the next call. */
static const char *at(const char *name)
{
    static char path[PATH_SIZE];
    assert_int_equal(path_join(path, folder, name), 0);
    return path;
}

static void test_io_reads_what_it_wrote_and_leaves_no_temporary_name(void **state)
{
    const size_t len = 3 * 64 * KB + 1; /* more than one growth of the reader's buffer */
    char *bytes = malloc(len), *read_back = NULL;
    size_t got = 0;
    (void)state;
    assert_non_null(bytes);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)(i * 7 % 251);
    assert_int_equal(io_replace(AT_FDCWD, at("f"), bytes, len, true), 0);
    assert_int_equal(io_read_file(at("f"), len, &read_back, &got), 0);
    assert_int_equal(got, len);
    assert_memory_equal(read_back, bytes, len);
    assert_int_equal(read_back[len], '\0');
    assert_int_equal(access(at("f.new"), F_OK), -1);
    free(bytes);
    free(read_back);
}

static void test_io_replace_that_fails_leaves_the_old_file(void **state)
{
    char head[8] = "";
    (void)state;
    assert_int_equal(io_replace(AT_FDCWD, at("f"), "old", 3, false), 0);
    assert_int_equal(mkdir(at("f.new"), 0700), 0); /* nothing can be written there */
    assert_int_equal(io_replace(AT_FDCWD, at("f"), "new", 3, false), -EISDIR);
    assert_int_equal(io_peek(at("f"), head, sizeof head), 3);
    assert_string_equal(head, "old");
    assert_int_equal(mkdir(at("d"), 0700), 0);
    assert_int_equal(io_replace(AT_FDCWD, at("d"), "new", 3, true), -EISDIR);
    assert_int_equal(access(at("d.new"), F_OK), -1);
}

static void test_io_reads_a_limit_and_refuses_one_byte_more(void **state)
{
    char *text = NULL;
    size_t len = 77;
    (void)state;
    assert_int_equal(io_replace(AT_FDCWD, at("f"), "12345", 5, false), 0);
    assert_int_equal(io_read_file(at("f"), 4, &text, &len), -EFBIG);
    assert_null(text);
    assert_int_equal(len, 77);
    assert_int_equal(io_read_file(at("f"), 5, &text, &len), 0);
    assert_string_equal(text, "12345");
    free(text);
}

static void test_io_opens_regular_files_alone_and_never_waits(void **state)
{
    const unsigned char *map = NULL;
    size_t len = 0;
    (void)state;
    assert_int_equal(io_open(folder), -EISDIR);
    assert_int_equal(io_open(at("nothing")), -ENOENT);
    assert_int_equal(mkfifo(at("fifo"), 0600), 0); /* without O_NONBLOCK this would hang */
    assert_int_equal(io_open(at("fifo")), -EINVAL);
    assert_int_equal(io_replace(AT_FDCWD, at("empty"), "", 0, false), 0);
    assert_int_equal(io_map(at("empty"), &map, &len), -ENODATA);
    assert_int_equal(io_replace(AT_FDCWD, at("f"), "abc", 3, false), 0);
    assert_int_equal(io_map(at("f"), &map, &len), 0);
    assert_int_equal(len, 3);
    assert_memory_equal(map, "abc", 3);
    (void)munmap((void *)(uintptr_t)map, len);
}

static void test_path_is_made_whole_or_not_at_all(void **state)
{
    char path[PATH_SIZE], name[PATH_SIZE];
    (void)state;
    memset(name, 'x', sizeof name - 3);
    name[sizeof name - 3] = '\0';
    assert_int_equal(path_join(path, "a", name), 0);
    assert_int_equal(strlen(path), PATH_SIZE - 1);
    assert_int_equal(path_join(path, "ab", name), -ENAMETOOLONG);
    assert_int_equal(path_folder(path, "/f"), 0);
    assert_string_equal(path, "/");
    assert_int_equal(path_folder(path, "f"), 0);
    assert_string_equal(path, ".");
    assert_int_equal(path_folder(path, "a/b/f"), 0);
    assert_string_equal(path, "a/b");
}

static int note_name(void *arg, const char *name)
{
    char *names = arg;
    (void)strncat(names, name, 15);
    (void)strncat(names, " ", 2);
    return strcmp(name, "b") == 0 ? 7 : 0;
}

static void test_io_lists_names_by_their_bytes_until_it_is_stopped(void **state)
{
    char names[64] = "";
    (void)state;
    assert_int_equal(io_list(at("nothing"), note_name, names), -ENOENT);
    assert_int_equal(io_list(folder, note_name, names), 0);
    assert_string_equal(names, "");
    assert_int_equal(io_replace(AT_FDCWD, at("b"), "", 0, false), 0);
    assert_int_equal(io_replace(AT_FDCWD, at("c"), "", 0, false), 0);
    assert_int_equal(io_replace(AT_FDCWD, at("B"), "", 0, false), 0);
    assert_int_equal(io_replace(AT_FDCWD, at(".a"), "", 0, false), 0);
    assert_int_equal(io_list(folder, note_name, names), 7);
    assert_string_equal(names, ".a B b ");
}

static void test_path_names_are_judged_by_their_end_and_their_letters(void **state)
{
    (void)state;
    assert_true(path_has_suffix("a.gz", ".gz"));
    assert_false(path_has_suffix(".gz", ".gz"));
    assert_false(path_has_suffix("a.gz2", ".gz"));
    assert_true(path_is_plain("cos-core_1.x/y", 12));
    assert_false(path_is_plain("cos-core_1.x/y", 13));
    assert_false(path_is_plain(".x", 2));
    assert_false(path_is_plain("", 0));
}

static void test_err_codes_are_the_lists_or_the_systems(void **state)
{
    struct err err;
    const struct err_place at = { &err, "f", 3 };
    (void)state;
    assert_int_equal(err_exit(0), ERR_EXIT_OK);
    assert_int_equal(err_exit(-ENOENT), ERR_EXIT_INPUT);
    assert_int_equal(err_exit(ERR_INTERNAL), ERR_EXIT_BUG);
    assert_int_equal(err_file(&err, -ENOENT, "dir/f"), -ENOENT);
    assert_string_equal(err.text, "dir/f: No such file or directory");
    assert_int_equal(err_at(&at, "not %d", 7), ERR_SYNTAX);
    assert_string_equal(err.text, "f:3: not 7");
    assert_string_equal(err_text(ERR_SYNTAX), "it cannot be understood");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_io_reads_what_it_wrote_and_leaves_no_temporary_name,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_io_replace_that_fails_leaves_the_old_file, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_io_reads_a_limit_and_refuses_one_byte_more, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_io_opens_regular_files_alone_and_never_waits, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_io_lists_names_by_their_bytes_until_it_is_stopped,
                                        setup, teardown),
        cmocka_unit_test(test_path_is_made_whole_or_not_at_all),
        cmocka_unit_test(test_path_names_are_judged_by_their_end_and_their_letters),
        cmocka_unit_test(test_err_codes_are_the_lists_or_the_systems),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
