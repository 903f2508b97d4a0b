/* bench_gzip.c - bench_gzip CORE TO: compress a core as a start does (vmkernel/io/filecopy.h), and
 * read it back; prints seconds of both. */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "vmkernel/io/filecopy.h"

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    struct filecopy_sum written, read;
    if (argc != 3)
        return 2;
    const int from = open(argv[1], O_RDONLY | O_CLOEXEC);
    const int to = open(argv[2], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    const double start_s = now_s();
    const struct filecopy_part in = { from, 0, FILECOPY_TO_THE_END };
    const struct filecopy_part out = { to, 0, FILECOPY_TO_THE_END };
    if (from < 0 || to < 0 || filecopy_write(&dumpio_real, &in, to, true, &written) != 0)
        return 1;
    const double middle_s = now_s();
    if (filecopy_sum(&dumpio_real, &out, true, &read) != 0 || read.bytes != written.bytes)
        return 1;
    (void)printf("%.3f %.3f\n", middle_s - start_s, now_s() - middle_s);
    return 0;
}
