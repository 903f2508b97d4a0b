/* text.h - a file of /proc while it is being written: bytes, and how many there are. */
#ifndef COS_TEXT_H
#define COS_TEXT_H

#include "cos/kernel/kernel.h"

struct text {
    char *to;
    uint32_t size, len; /* room; bytes written, without the zero behind them */
};

/** Append. That it fits is the caller's business: a full buffer is an error of the model. */
void __attribute__((format(printf, 2, 3))) text_put(struct text *t, const char *format, ...);

#endif /* COS_TEXT_H */
