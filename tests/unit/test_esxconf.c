/* test_esxconf.c - etc/vmware/esx.conf: lines, values, the core file's name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/err.h"
#include "shared/esxconf.h"

static int parse(const char *text, struct esxconf *ret, struct err *err)
{
    return esxconf_parse("esx.conf", text, strlen(text), ret, err);
}

static void test_esxconf_finds_values_in_any_case_and_keeps_comments(void **state)
{
    (void)state;
    struct esxconf c;
    struct err err;
    assert_int_equal(parse("# by hand\n/adv/Misc/PsodOnCosPanic = \"1\"\n\n/x = \"\"\n", &c, &err),
                     0);
    assert_string_equal(esxconf_get(&c, "/ADV/misc/psodoncospanic"), "1");
    assert_string_equal(esxconf_get(&c, "/x"), "");
    assert_null(esxconf_get(&c, "/y"));
    assert_int_equal(c.count, 4);
    assert_string_equal(c.line[0].value, "# by hand");
    esxconf_free(&c);
}

static void test_esxconf_names_the_line_that_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } bad[] = {
        { "/a = \"1\"\nnonsense\n", "esx.conf:2: a line KEY" },
        { "/a = \"1\"\n/a = \"2\"\n", "esx.conf:2: /a stands here for the second time" },
        { "/a = \"1\n", "esx.conf:1: a line KEY" },
        { "/a = \"\n", "esx.conf:1: the value has one quote only" },
        { "/a = \"b\"c\"\n", "esx.conf:1: a quote inside" },
        { "/a = \"\x01\"\n", "esx.conf:1: a byte that is no printable" },
        { "a = \"1\"", "esx.conf:1: a line KEY" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct esxconf c;
        struct err err = { "" };
        assert_int_equal(parse(bad[i].text, &c, &err), ERR_SYNTAX);
        assert_memory_equal(err.text, bad[i].want, strlen(bad[i].want));
        assert_int_equal(c.count, 0);
    }
}

static void test_esxconf_refuses_values_that_would_not_come_back(void **state)
{
    (void)state;
    struct esxconf c = { 0 };
    char longer[ESXCONF_VALUE_MAX + 1];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(esxconf_set(&c, "/a", "a \"quote\""), -1);
    assert_int_equal(esxconf_set(&c, "/a", "two\nlines"), -1);
    assert_int_equal(esxconf_set(&c, "/a", longer), -1);
    assert_int_equal(c.count, 0);
    esxconf_free(&c);
}

static void test_esxconf_comes_back_as_it_was_saved(void **state)
{
    (void)state;
    char path[] = "/tmp/esxconf-XXXXXX";
    struct err err;
    struct esxconf c, back;
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_equal(parse("# head\n/a = \"1\"\n", &c, &err), 0);
    assert_int_equal(esxconf_set(&c, "/A", "2"), 0);
    assert_int_equal(esxconf_set(&c, "/new", "with = signs"), 0);
    assert_int_equal(esxconf_save(path, &c), 0);
    assert_int_equal(esxconf_load(path, &back, &err), 0);
    assert_int_equal(back.count, 3);
    assert_string_equal(back.line[0].value, "# head");
    assert_string_equal(esxconf_get(&back, "/a"), "2");
    assert_string_equal(esxconf_get(&back, "/new"), "with = signs");
    esxconf_free(&c);
    esxconf_free(&back);
    (void)unlink(path);
}

static void test_esxconf_core_file_is_a_file_on_a_datastore(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        enum esxconf_core want;
    } cases[] = {
        { "/vmfs/volumes/4533e089-1dfcdd21/cos-core-a", ESXCONF_CORE_OK },
        { "", ESXCONF_CORE_EMPTY },
        { "/tmp/core", ESXCONF_CORE_NOT_VMFS },
        { "vmfs/volumes/u/c", ESXCONF_CORE_NOT_VMFS },
        { "/vmfs/volumes/u", ESXCONF_CORE_NAME },
        { "/vmfs/volumes/u/", ESXCONF_CORE_NAME },
        { "/vmfs/volumes//c", ESXCONF_CORE_NAME },
        { "/vmfs/volumes/../../etc/passwd", ESXCONF_CORE_NAME },
        { "/vmfs/volumes/u/a/b", ESXCONF_CORE_NAME },
        { "/vmfs/volumes/u/.hidden", ESXCONF_CORE_NAME },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char uuid[ESXCONF_UUID_MAX] = "?", name[ESXCONF_NAME_MAX] = "?";
        assert_int_equal(esxconf_core_parse(cases[i].value, uuid, name), cases[i].want);
        assert_int_equal(strcmp(uuid, "?") != 0, cases[i].want == ESXCONF_CORE_OK);
    }
    char uuid[ESXCONF_UUID_MAX], name[ESXCONF_NAME_MAX];
    assert_int_equal(esxconf_core_parse("/vmfs/volumes/u-1/c.2", uuid, name), ESXCONF_CORE_OK);
    assert_string_equal(uuid, "u-1");
    assert_string_equal(name, "c.2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_esxconf_finds_values_in_any_case_and_keeps_comments),
        cmocka_unit_test(test_esxconf_names_the_line_that_is_wrong),
        cmocka_unit_test(test_esxconf_refuses_values_that_would_not_come_back),
        cmocka_unit_test(test_esxconf_comes_back_as_it_was_saved),
        cmocka_unit_test(test_esxconf_core_file_is_a_file_on_a_datastore),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
