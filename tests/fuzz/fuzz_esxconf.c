/* fuzz_esxconf.c - libFuzzer target: the reader of esx.conf against any bytes.
 *
 * Checked: a refusal says FILE:LINE, in one line, and leaves nothing behind; what was accepted
 * reads the same once it was taken apart into keys and values and set again. */
#include "shared/err.h"
#include "shared/esxconf.h"
#include "tests/fuzz/fuzz.h"

static void check_core_names(const struct esxconf *c)
{
    char uuid[ESXCONF_UUID_MAX], name[ESXCONF_NAME_MAX];
    for (size_t i = 0; i < c->count; i++) {
        const enum esxconf_core core = esxconf_core_parse(c->line[i].value, uuid, name);
        if (core == ESXCONF_CORE_OK)
            CHECK(uuid[0] != '\0' && name[0] != '\0' && strchr(name, '/') == NULL);
        else
            CHECK(esxconf_core_reason(core) != NULL);
    }
}

static void check_set_again(struct esxconf *c)
{
    for (size_t i = 0; i < c->count; i++) {
        char key[ESXCONF_KEY_MAX], value[ESXCONF_VALUE_MAX];
        if (c->line[i].key[0] == '\0')
            continue;
        memcpy(key, c->line[i].key, sizeof key);
        memcpy(value, esxconf_get(c, key), sizeof value);
        const size_t count = c->count;
        CHECK(esxconf_set(c, key, value) == 0);
        CHECK(c->count == count);
        CHECK(strcmp(esxconf_get(c, key), value) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct esxconf c;
    struct err err = { "" };
    if (esxconf_parse("esx.conf", (const char *)data, size, &c, &err) != 0) {
        CHECK(strncmp(err.text, "esx.conf:", 9) == 0 && strchr(err.text, '\n') == NULL);
        CHECK(c.count == 0);
        return 0;
    }
    check_core_names(&c);
    check_set_again(&c);
    esxconf_free(&c);
    return 0;
}
