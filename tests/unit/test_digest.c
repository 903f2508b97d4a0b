/* test_digest.c - the digest of a host: what it counts, what it leaves out, and what it refuses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/err.h"
#include "tools/host/digest.h"

#define MB (1024 * 1024)

struct fixture {
    char dir[64], digest[DIGEST_HEX];
    struct err err;
};

static void in_dir(const struct fixture *f, const char *name, char path[256])
{
    (void)snprintf(path, 256, "%s/%s", f->dir, name);
}

static void make_dir(const struct fixture *f, const char *name)
{
    char path[256];
    in_dir(f, name, path);
    assert_int_equal(mkdir(path, 0777), 0);
}

static void write_at(const struct fixture *f, const char *name, const char *text, off_t at)
{
    char path[256];
    in_dir(f, name, path);
    const int fd = open(path, O_WRONLY | O_CREAT, 0666);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, text, strlen(text), at), (ssize_t)strlen(text));
    assert_int_equal(close(fd), 0);
}

static const char *digest(struct fixture *f)
{
    assert_int_equal(digest_host(f->dir, f->digest, &f->err), 0);
    return f->digest;
}

static int setup(void **state)
{
    static struct fixture f; /* static: cmocka longjmps out of failing tests */
    memset(&f, 0, sizeof f);
    (void)snprintf(f.dir, sizeof f.dir, "/tmp/test_digest.XXXXXX");
    *state = &f;
    return mkdtemp(f.dir) == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    const struct fixture *f = *state;
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf %s", f->dir);
    return system(command);
}

static void test_digest_of_nothing_is_that_of_no_text(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(digest(f),
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    make_dir(f, "empty");
    assert_string_equal(digest(f),
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* printf 'x' | sha256sum, and so on, by hand: "a-b" sorts before "a/b", which a walk would not do.
 */
static void test_digest_is_what_sha256sum_prints_in_the_order_of_whole_paths(void **state)
{
    struct fixture *f = *state;
    make_dir(f, "a");
    write_at(f, "a/b", "x", 0);
    write_at(f, "a-b", "y", 0);
    assert_string_equal(digest(f),
                        "b3b56cd58c1fb161cf76f21d21ebf72470be71363b53f49d94f985e25d29f2f7");
}

static void test_digest_leaves_out_run_and_nothing_else(void **state)
{
    struct fixture *f = *state;
    char before[DIGEST_HEX];
    make_dir(f, "run");
    make_dir(f, "var");
    write_at(f, "var/x", "x", 0);
    (void)strncpy(before, digest(f), sizeof before);
    write_at(f, "run/x", "x", 0);
    assert_string_equal(digest(f), before);
    make_dir(f, "var/run");
    write_at(f, "var/run/x", "x", 0);
    assert_string_not_equal(digest(f), before);
}

static void test_digest_changes_with_content_length_and_name(void **state)
{
    struct fixture *f = *state;
    char seen[4][DIGEST_HEX];
    write_at(f, "x", "x", 0);
    (void)strncpy(seen[0], digest(f), DIGEST_HEX);
    write_at(f, "x", "y", 0);
    (void)strncpy(seen[1], digest(f), DIGEST_HEX);
    char path[256], other[256];
    in_dir(f, "x", path);
    assert_int_equal(truncate(path, 2), 0);
    (void)strncpy(seen[2], digest(f), DIGEST_HEX);
    in_dir(f, "z", other);
    assert_int_equal(rename(path, other), 0);
    (void)strncpy(seen[3], digest(f), DIGEST_HEX);
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < i; j++)
            assert_string_not_equal(seen[i], seen[j]);
}

static void test_digest_reads_holes_as_zeros(void **state)
{
    struct fixture *f = *state;
    char sparse[DIGEST_HEX];
    static char zeros[3 * MB];
    write_at(f, "x", "begin", 0);
    write_at(f, "x", "middle", 2 * MB + 5);
    char path[256];
    in_dir(f, "x", path);
    assert_int_equal(truncate(path, sizeof zeros), 0);
    (void)strncpy(sparse, digest(f), sizeof sparse);

    memcpy(zeros, "begin", 5);
    memcpy(zeros + 2 * MB + 5, "middle", 6);
    assert_int_equal(unlink(path), 0);
    const int fd = open(path, O_WRONLY | O_CREAT, 0666);
    assert_int_equal(write(fd, zeros, sizeof zeros), sizeof zeros);
    assert_int_equal(close(fd), 0);
    assert_string_equal(digest(f), sparse);
}

static void test_digest_refuses_what_no_artefact_is(void **state)
{
    struct fixture *f = *state;
    char path[256];
    in_dir(f, "link", path);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_true(digest_host(f->dir, f->digest, &f->err) < 0);
    assert_non_null(strstr(f->err.text, "link: neither a file nor a directory"));
    assert_int_equal(unlink(path), 0);
    in_dir(f, "x.gz", path);
    write_at(f, "x.gz", "not gzip", 0);
    assert_true(digest_host(f->dir, f->digest, &f->err) < 0);
    assert_non_null(strstr(f->err.text, "x.gz"));
    assert_true(digest_host("/nonexistent", f->digest, &f->err) < 0);
    assert_string_equal(f->digest, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_digest_of_nothing_is_that_of_no_text, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_digest_is_what_sha256sum_prints_in_the_order_of_whole_paths, setup, teardown),
        cmocka_unit_test_setup_teardown(test_digest_leaves_out_run_and_nothing_else, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_digest_changes_with_content_length_and_name, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_digest_reads_holes_as_zeros, setup, teardown),
        cmocka_unit_test_setup_teardown(test_digest_refuses_what_no_artefact_is, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
