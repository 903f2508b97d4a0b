/* screen.h - the purple screen: one model, and its views as plain text and for an ANSI terminal.
 *
 * The model holds the facts of a screen (registers, worlds, log lines); screen_text() lays them out
 * as ESX 3.5 did, and every other view draws that text, so that no two views can differ in what
 * they say. Nothing here looks at a host or a COS: who fills the model decides.
 *
 *     VMware ESX Server [Releasebuild-123630]                     product
 *     Lost heartbeat                                              headline
 *     frame=0x.. ip=0x.. cr2=0x.. cr3=0x.. cr4=0x..               regs (low 32 bits)
 *     ...
 *     *0:1024/console 1:1367/vmware-vm ...                        worlds, 4 a line, 9-byte names
 *     @BlueScreen: Lost heartbeat                                 if the release prints it
 *     0x<ebp>:[0x<ip>]blk_dev+0x<ip - base> stack: 0x0, 0x0, 0x0  backtrace line
 *     VMK uptime: d:hh:mm:ss.mmm TSC: <dec>
 *     <last log lines>                                            log
 *     Starting coredump ...                                       status
 *     <log lines that came while the dump was going on>           after
 *
 * Sources (docs/sources.md): [KB308590/Screen] for the layout and every word of it; [BSOD] for the
 * colours (first line yellow, the rest white, ground #a700a8). The terminal view wraps at 80
 * columns as the text mode of a VGA adapter does (INFERRED). */
#ifndef SHARED_SCREEN_H
#define SHARED_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCREEN_WORLDS_MAX 64u  /* pCPUs of a host */
#define SCREEN_FRAMES_MAX 8u   /* lines of a backtrace */
#define SCREEN_LOG_MAX 8u      /* log lines on a screen */
#define SCREEN_LINE_MAX 256u   /* bytes of one line with its zero */
#define SCREEN_TEXT_MAX 16384u /* a whole screen as text: above all the limits together */
#define SCREEN_ANSI_MAX 65536u /* the same with colours and padding */
#define SCREEN_WORLD_NAME 9u   /* [KB308590/Screen]: vmware-vm, vcpu-0:VM, Worker#0: */
#define SCREEN_COLUMNS 80u
#define SCREEN_ROWS 25u
#define SCREEN_RED 0xa7u /* ground #a700a8 [BSOD] */
#define SCREEN_GREEN 0x00u
#define SCREEN_BLUE 0xa8u

struct screen_regs { /* in the order of the screen */
    uint32_t frame, ip, cr2, cr3, cr4;
    uint32_t es, ds, fs, gs;
    uint32_t eax, ebx, ecx, edx;
    uint32_t ebp, esi, edi;
    int32_t err;
    uint32_t eflags;
};

struct screen_world {
    uint32_t pcpu, id;
    bool panicking; /* printed with a star */
    char name[32];  /* cut to SCREEN_WORLD_NAME bytes when printed */
};

/* A line of the backtrace of VMkernel code. */
struct screen_frame {
    uint32_t ebp, ip, offset;
    uint32_t stack[3];
    char name[32];
};

struct screen {
    char product[64];  /* "VMware ESX Server [Releasebuild-123630]" */
    char headline[96]; /* "Lost heartbeat" */
    struct screen_regs regs;
    struct screen_world worlds[SCREEN_WORLDS_MAX];
    uint32_t world_count;
    bool bluescreen;                              /* the release prints the @BlueScreen line */
    struct screen_frame frame[SCREEN_FRAMES_MAX]; /* of the VMkernel, newest first */
    uint32_t frame_count;                         /* 0: the one line of a COS error */
    uint32_t symbol_base; /* address of blk_dev: the VMkernel symbol nearest to any COS address */
    uint64_t uptime_ns;   /* VMK uptime */
    uint64_t tsc;
    char log[SCREEN_LOG_MAX][SCREEN_LINE_MAX];
    uint32_t log_count;
    char status[SCREEN_LINE_MAX]; /* "Starting coredump to disk ..."; empty = no such line yet */
    char after[SCREEN_LOG_MAX][SCREEN_LINE_MAX];
    uint32_t after_count;
};

/** Lay the screen out as text, lines ended by '\n'. Bytes that are not printable ASCII become '?'.
 *  @return its length, or -1 when `size` is too small (SCREEN_TEXT_MAX never is); `to` is then an
 *  empty string */
int screen_text(const struct screen *s, char *to, size_t size);

/** The screen that stands while the COS core is written [KB308590/Screen]: product line and
 * "Dumping console os core. ...". */
int screen_interim_text(const char *product, char *to, size_t size);

/** Draw any screen text for a terminal with 24-bit colours: SCREEN_COLUMNS wide, at least
 * SCREEN_ROWS high, longer lines wrapped.
 *  @return its length, or -1 when `size` is too small; `to` is then an empty string */
int screen_ansi(const char *text, char *to, size_t size);

#endif /* SHARED_SCREEN_H */
