/* main.c - vmnixhbd: start, signals, loop. See hbd.h.
 *
 * libevent owns the signals. Its pass over the pending ones costs system calls, so it is made only
 * when one came: our handler stands before libevent's, notes the arrival and interrupts the futex
 * wait (libevent's own has SA_RESTART, which would sleep on). A signal that comes after the last
 * look and before the sleep would be seen only a beat later; so the handler also sets an alarm,
 * which interrupts again, each second until somebody looked. No system call per beat is needed for
 * this. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/event.h>

#include "cos/vmnixhbd/hbd.h"
#include "shared/boot.h"
#include "shared/units.h"

/* A beat a millisecond. OUR CHOICE: below it the beat itself is the load. */
#define INTERVAL_NS_MIN NS_PER_MS

/* The machine as it was found at the start; values are copies. */
struct surroundings {
    uint8_t *memory;
    uint64_t ram_bytes;
    uint64_t interval_ns;
    uint32_t generation;
};

static struct hbd_call call;
static struct hbd_arena arena;
static struct hbd_beater beater;
static struct event_base *base;
static volatile sig_atomic_t signal_came;

/* --- surroundings --- */

static int refuse(char *err, size_t err_size, const char *what)
{
    (void)snprintf(err, err_size, "%s", what);
    return -1;
}

static int map_memory(struct surroundings *s, uint64_t *ret_bytes, char *err, size_t err_size)
{
    struct stat st;
    if (fstat(MACHINE_FD_MEMORY, &st) != 0)
        return refuse(err, err_size,
                      "descriptor 3 is not open; vmnixhbd is started by a VMkernel, with the "
                      "machine memory there");
    const int seals = fcntl(MACHINE_FD_MEMORY, F_GET_SEALS);
    if (seals < 0 || (seals & (F_SEAL_SHRINK | F_SEAL_GROW)) != (F_SEAL_SHRINK | F_SEAL_GROW))
        return refuse(
            err, err_size,
            "descriptor 3 is not a machine memory: it is no memfd sealed against shrink and grow");
    const uint64_t bytes_min = MACHINE_RAM_OFFSET + MACHINE_RAM_MB_MIN * MB;
    if ((uint64_t)st.st_size < bytes_min) {
        (void)snprintf(err, err_size,
                       "the machine memory has %" PRIu64
                       " bytes, too few for the smallest service console (%" PRIu64 ")",
                       (uint64_t)st.st_size, bytes_min);
        return -1;
    }
    void *at =
        mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, MACHINE_FD_MEMORY, 0);
    if (at == MAP_FAILED) {
        (void)snprintf(err, err_size, "cannot map the machine memory: %s", strerror(errno));
        return -1;
    }
    s->memory = at;
    *ret_bytes = (uint64_t)st.st_size;
    return 0;
}

static int read_parameters(struct surroundings *s, uint64_t memory_bytes, char *err,
                           size_t err_size)
{
    struct machine_hostinfo info;
    memcpy(&info, s->memory + MACHINE_HOSTINFO_OFFSET, sizeof info);
    if (info.magic != MACHINE_HOSTINFO_MAGIC)
        return refuse(err, err_size,
                      "the host-info page has no magic number: no VMkernel filled it");
    if (info.version != MACHINE_VERSION) {
        (void)snprintf(err, err_size, "the machine has version %" PRIu32 ", this vmnixhbd knows %u",
                       info.version, MACHINE_VERSION);
        return -1;
    }
    if (info.memory_bytes != memory_bytes || info.ram_bytes % MACHINE_PAGE_SIZE != 0 ||
        info.ram_bytes < MACHINE_RAM_MB_MIN * MB ||
        info.ram_bytes > memory_bytes - MACHINE_RAM_OFFSET)
        return refuse(err, err_size,
                      "the host-info page tells other sizes than the machine memory has");

    const struct boot_params *boot = (const struct boot_params *)(s->memory + MACHINE_BOOT_OFFSET);
    if (boot->magic != BOOT_MAGIC || boot->bytes != sizeof *boot)
        return refuse(err, err_size,
                      "there are no boot parameters, or they are of another version");
    const uint64_t interval_ns = boot->hbd_interval_ns;
    if (interval_ns < INTERVAL_NS_MIN) {
        (void)snprintf(err, err_size,
                       "the boot parameters ask for a beat each %" PRIu64
                       " ns; the least is %" PRIu64,
                       interval_ns, INTERVAL_NS_MIN);
        return -1;
    }
    s->ram_bytes = info.ram_bytes;
    s->generation = info.generation;
    s->interval_ns = interval_ns;
    return 0;
}

static int look_around(int argc, struct surroundings *s, char *err, size_t err_size)
{
    uint64_t bytes = 0;
    if (argc > 1)
        return refuse(
            err, err_size,
            "takes no arguments; a VMkernel starts it with the machine memory as descriptor 3");
    if (map_memory(s, &bytes, err, err_size) != 0)
        return -1;
    return read_parameters(s, bytes, err, err_size);
}

/* --- signals --- */

/* Signals that we look at. SIGALRM has no event of its own: it is there to interrupt. */
static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1 };
enum { SIGNALS = sizeof signals / sizeof signals[0] };
static void (*libevent_handler)(int);

static void note_signal(int number)
{
    const int saved = errno;
    if (number != SIGALRM)
        libevent_handler(number);
    signal_came = 1;
    (void)alarm(1);
    errno = saved;
}

static void end(evutil_socket_t number, short what, void *context)
{
    (void)what;
    (void)context;
    hbd_quit(&call, HBD_EXIT_TERMINATED,
             number == SIGTERM ? "ended by SIGTERM" : "ended by SIGINT");
}

/* SIGHUP and SIGUSR1: say on stderr how it goes. There is no file to read again. */
static void tell(evutil_socket_t number, short what, void *context)
{
    (void)number;
    (void)what;
    (void)context;
    (void)dprintf(STDERR_FILENO,
                  "vmnixhbd: %" PRIu64 " beats, %" PRIu64 " failed for want of a page, %" PRIu64
                  " otherwise\n",
                  beater.counts[HBD_BEAT], beater.counts[HBD_NO_PAGE],
                  beater.counts[HBD_BAD_PAGE] + beater.counts[HBD_NOT_FREED] +
                      beater.counts[HBD_NOT_ASKED]);
}

/* The wait was interrupted, or a signal was noted on the way. */
static void dispatch_signals(void)
{
    if (!signal_came)
        return;
    signal_came = 0;
    (void)alarm(0);
    (void)event_base_loop(base, EVLOOP_NONBLOCK);
}

/* Put our handler in front of libevent's for `number`. */
static int front_handler(int number)
{
    struct sigaction action;
    if (sigaction(number, NULL, &action) != 0)
        return -1;
    if (number != SIGALRM)
        libevent_handler = action.sa_handler;
    action.sa_handler = note_signal;
    action.sa_flags &= ~(SA_RESTART | SA_SIGINFO);
    return sigaction(number, &action, NULL);
}

static int signals_init(void)
{
    struct event_config *config = event_config_new();
    if (config == NULL)
        return -1;
    (void)event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV | EVENT_BASE_FLAG_NOLOCK);
    base = event_base_new_with_config(config);
    event_config_free(config);
    if (base == NULL)
        return -1;
    for (unsigned i = 0; i < SIGNALS; i++) {
        const bool ends = signals[i] == SIGTERM || signals[i] == SIGINT;
        struct event *event = evsignal_new(base, signals[i], ends ? end : tell, NULL);
        if (event == NULL || evsignal_add(event, NULL) != 0 || front_handler(signals[i]) != 0)
            return -1;
    }
    return front_handler(SIGALRM);
}

/* --- start --- */

int main(int argc, char **argv)
{
    struct surroundings s = { 0 };
    char err[256];
    (void)argv;

    if (look_around(argc, &s, err, sizeof err) != 0)
        hbd_quit(NULL, HBD_EXIT_SURROUNDINGS, err);
    if (hbd_arena_init(&arena, &call, s.memory + MACHINE_RAM_OFFSET, s.ram_bytes, err,
                       sizeof err) != 0)
        hbd_quit(NULL, HBD_EXIT_SURROUNDINGS, err);
    if (signals_init() != 0)
        hbd_quit(NULL, HBD_EXIT_SURROUNDINGS, "libevent cannot take the signals");

    hbd_call_start(&call, (struct gate *)(s.memory + MACHINE_GATE_OFFSET), dispatch_signals);
    hbd_beater_init(&beater, &call, &arena, (struct ring *)(s.memory + MACHINE_RING_OFFSET),
                    s.generation, s.interval_ns);
    for (;;) {
        hbd_beater_step(&beater);
        dispatch_signals();
    }
}
