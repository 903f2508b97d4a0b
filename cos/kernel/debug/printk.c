/* printk.c - the kernel log: a ring of bytes that a dump shows and klogd reads.
 *
 * log_start and log_end run freely; the byte n lies at log_buf[n % LOG_BUF_LEN]. log_start is the
 * oldest byte still held, log_read the next one klogd takes. 2.4 kernels put no time on a line. */
#include "cos/kernel/debug/printk.h"

char log_buf[LOG_BUF_LEN];
uint32_t log_start, log_end, log_read;
struct wait_queue log_wait;

static void log_byte(char c)
{
    log_buf[log_end % LOG_BUF_LEN] = c;
    log_end++;
    if (log_end - log_start > LOG_BUF_LEN)
        log_start++;
    if (log_end - log_read > LOG_BUF_LEN)
        log_read++;
}

static void log_text(const char *text)
{
    static bool line_open; /* false: the next byte starts a line and wants a level */
    for (const char *p = text; *p != '\0'; p++) {
        if (!line_open) {
            const bool has_level = p[0] == '<' && p[1] >= '0' && p[1] <= '7' && p[2] == '>';
            for (const char *level = "<4>"; !has_level && *level != '\0'; level++)
                log_byte(*level);
            line_open = true;
        }
        log_byte(*p);
        if (*p == '\n')
            line_open = false;
    }
}

static char line[1024]; /* static: kernel stacks are small. Not preemptible, and interrupts print
                           whole lines only */

static void vprintk(const char *format, va_list ap)
{
    (void)vsnprintf(line, sizeof line, format, ap);
    log_text(line);
    if (log_wait.sleepers.next != 0)
        wake_up(&log_wait);
}

void printk(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vprintk(format, ap);
    va_end(ap);
}

uint32_t log_take(char *to, uint32_t n)
{
    uint32_t len = 0;
    while (len < n && log_read != log_end)
        to[len++] = log_buf[log_read++ % LOG_BUF_LEN];
    return len;
}

void panic(const char *format, ...)
{
    char why[GATE_TEXT_MAX];
    va_list ap;
    va_start(ap, format);
    (void)vsnprintf(why, sizeof why, format, ap);
    va_end(ap);
    printk("<0>Kernel panic: %s\n", why);
    printk("<0>%s\n", current == init_task ? "In idle task - not syncing" : "not syncing");
    hypervisor_end(GATE_YIELD_PANIC, why);
}

void model_bug(const char *file, int where, const char *what)
{
    char why[GATE_TEXT_MAX];
    (void)snprintf(why, sizeof why, "%s:%d: %s", file, where, what);
    hypervisor_end(GATE_YIELD_BUG, why);
}
