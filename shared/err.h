/* err.h - what can go wrong: one list of codes, and the line that says what did.
 *
 * A function that can fail returns 0 or a negative code: the system's -errno, or one of the list
 * below, which begins where errno ends. Each code has a text, and an exit status for the program
 * that gives up because of it. Where the code alone does not say enough, the caller hands a buffer
 * down, `char *err, size_t err_size`, that brings back one line: which file, which line of it, what
 * is wrong there.
 *
 * Results are written on success only. A fault of our own is no error: it is an assertion. */
#ifndef SHARED_ERR_H
#define SHARED_ERR_H

#include <stddef.h>

enum err_exit {
    ERR_EXIT_OK = 0,    /* as expected */
    ERR_EXIT_BAD = 1,   /* the thing looked at is bad */
    ERR_EXIT_INPUT = 2, /* the command line or an input is wrong; nothing was done */
    ERR_EXIT_BUG = 3,   /* an error of ours */
};

/* name, value, exit status, text */
#define ERR_LIST(X)                                                            \
    X(ERR_SYNTAX, -4096, ERR_EXIT_INPUT, "it cannot be understood")            \
    X(ERR_ORDER, -4097, ERR_EXIT_BUG, "an event is earlier than the last one") \
    X(ERR_PROTOCOL, -4098, ERR_EXIT_BUG, "a sequence number does not advance") \
    X(ERR_INTERNAL, -4099, ERR_EXIT_BUG, "internal error")

enum err_code {
#define ERR_CODE(name, value, status, text) name = (value),
    ERR_LIST(ERR_CODE)
#undef ERR_CODE
};

/** What a code means, as half a sentence: the list's text, or the system's for an -errno. */
const char *err_text(int code);

/** The exit status of a program that gives up because of `code`; ERR_EXIT_INPUT for an -errno,
 * since it is the file that was named that cannot be used, and ERR_EXIT_OK for 0. */
enum err_exit err_exit(int code);

/** Write the line, without a '\n'. @return `code`, for the caller to return */
int __attribute__((format(printf, 4, 5)))
err_set(char *err, size_t err_size, int code, const char *format, ...);

/** Write "FILE: " and the code's text. @return `code` */
int err_file(char *err, size_t err_size, int code, const char *file);

/* Where a reader is in its input, and where its line goes. */
struct err_place {
    const char *file;
    size_t line; /* from 1 */
    char *err;
    size_t err_size;
};
/** Write "FILE:LINE: " and the text. @return ERR_SYNTAX */
int __attribute__((format(printf, 2, 3)))
err_at(const struct err_place *at, const char *format, ...);

#endif /* SHARED_ERR_H */
