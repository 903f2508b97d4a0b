/* err.h - what can go wrong: one list of codes, and the line that says what did.
 *
 * A function that can fail returns 0 or a negative code: the system's -errno, or one of the list
 * below, which begins where errno ends. Each code has a text, and an exit status for the program
 * that gives up because of it. Where the code alone does not say enough, a struct err is handed
 * down and brings back one line: which file, which line of it, what is wrong there.
 *
 * Results are written on success only. A fault of our own is no error: it is an assertion. */
#ifndef SHARED_ERR_H
#define SHARED_ERR_H

#include <stddef.h>

#include "shared/path.h"

enum err_exit {
    ERR_EXIT_OK = 0,    /* as expected */
    ERR_EXIT_BAD = 1,   /* the thing looked at is bad */
    ERR_EXIT_INPUT = 2, /* the command line or an input is wrong; nothing was done */
    ERR_EXIT_BUG = 3,   /* an error of ours */
};

/* name, value, exit status, text */
#define ERR_LIST(X)                                                            \
    X(ERR_BAD, -4096, ERR_EXIT_BAD, "it is not as expected")                   \
    X(ERR_SYNTAX, -4097, ERR_EXIT_INPUT, "it cannot be understood")            \
    X(ERR_ORDER, -4098, ERR_EXIT_BUG, "an event is earlier than the last one") \
    X(ERR_PROTOCOL, -4099, ERR_EXIT_BUG, "a sequence number does not advance") \
    X(ERR_INTERNAL, -4100, ERR_EXIT_BUG, "internal error")

enum err_code {
#define ERR_CODE(name, value, status, text) name = (value),
    ERR_LIST(ERR_CODE)
#undef ERR_CODE
};

/* One line, without its '\n': "FILE:LINE: what is wrong". Empty while nothing is. */
struct err {
    char text[PATH_SIZE + 256];
};

/** What a code means, as half a sentence: the list's text, or the system's for an -errno. */
const char *err_text(int code);

/** The exit status of a program that gives up because of `code`; ERR_EXIT_INPUT for an -errno,
 * since it is the file that was named that cannot be used, and ERR_EXIT_OK for 0. */
enum err_exit err_exit(int code);

/** Write the line. @return `code`, for the caller to return */
int __attribute__((format(printf, 3, 4)))
err_set(struct err *err, int code, const char *format, ...);

/** Write "FILE: " and the code's text. @return `code` */
int err_file(struct err *err, int code, const char *file);

/* Where a reader is in its input. */
struct err_place {
    struct err *err;
    const char *file;
    size_t line; /* from 1 */
};
/** Write "FILE:LINE: " and the text. @return ERR_SYNTAX */
int __attribute__((format(printf, 2, 3)))
err_at(const struct err_place *at, const char *format, ...);

#endif /* SHARED_ERR_H */
