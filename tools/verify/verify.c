/* verify.c - see verify.h. */
#include "tools/verify/verify.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/verify/read.h"

/* In this order: the zdump knows the boot that failed, derive() needs all others. */
static const struct reader {
    void (*read)(struct verify *v);
    const char *keys[4]; /* how its claims begin; no two readers share one */
} readers[] = {
    { read_zdump, { "zdump." } },
    { read_screen, { "screen." } },
    { read_core, { "core." } },
    { read_logs, { "vmkernel.", "vmkwarning.", "messages." } },
    { read_console, { "vmksummary.", "meminfo.", "swaps.", "esxconf." } },
    { derive, { "derived." } },
};

static bool is_own(const struct reader *r, const char *key)
{
    for (size_t i = 0; i < sizeof r->keys / sizeof r->keys[0] && r->keys[i] != NULL; i++)
        if (strncmp(key, r->keys[i], strlen(r->keys[i])) == 0)
            return true;
    return false;
}

/* What one artefact says no other reader may have claimed: a row would compare it with itself. */
static void run_reader(struct verify *v, const struct reader *r)
{
    uint32_t before = v->claims.count, own = 0;
    for (uint32_t i = 0; i < before; i++)
        assert(!is_own(r, v->claims.claim[i].key));
    r->read(v);
    for (uint32_t i = 0; i < v->claims.count; i++)
        own += is_own(r, v->claims.claim[i].key);
    assert(own == v->claims.count - before);
}

int verify_read(struct verify *v, const char *host, struct err *err)
{
    struct stat st;
    *v = (struct verify){ 0 };
    (void)snprintf(v->host, sizeof v->host, "%s", host);
    if (stat(verify_path(v, PATH_LOGS), &st) != 0 || !S_ISDIR(st.st_mode)) {
        return err_set(err, ERR_SYNTAX, "%s: is no host directory (it has no var/log)", host);
    }
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
        run_reader(v, &readers[i]);
    return 0;
}
