/* core_log.c - the printk buffer of a core; see core_model.h. Both ends run freely and wrap at
 * NUMBER(log_buf_len), so they may only differ by as much. */
#include <stdlib.h>
#include <string.h>

#include "shared/units.h"
#include "tools/core/core_model.h"

#define LOG_MAX MB

char *core_log_load(struct core *c)
{
    uint64_t at;
    const uint32_t len = (uint32_t)core_number(c, "log_buf_len", 0, LOG_MAX);
    const uint32_t start = core_variable(c, "log_start", 0), end = core_variable(c, "log_end", 0);
    const unsigned char *ring =
        core_symbol(c, "log_buf", &at) && len > 0 ? core_at(c, at, len) : NULL;
    if (ring == NULL) {
        core_note_problem(c, "log: the buffer is not in the core");
        return NULL;
    }
    uint32_t have = end - start;
    if (have > len) {
        core_note_problem(c, "log: it says to hold %u bytes in a buffer of %u; all of it is shown",
                          have, len);
        have = len;
    }
    char *text = malloc(have + 1u);
    if (text == NULL)
        return NULL;
    for (uint32_t i = 0; i < have; i++) {
        const unsigned char b = ring[(end - have + i) % len];
        text[i] = (char)((b >= ' ' && b <= '~') || b == '\n' || b == '\t' ? b : '?');
    }
    text[have] = '\0';
    return text;
}
