/* picture.h - the purple screen as a PNG: its text in a dot font on the ground of ESX, with marks
 * behind parts of it.
 *
 * The font is our own table of dots and nothing is smoothed, so that equal texts give equal bytes
 * where the same libraries are; no font of the system is asked. 80 columns, longer lines wrapped,
 * at least 25 rows, as the terminal view has it. Colours: [BSOD]. */
#ifndef SHARED_PICTURE_H
#define SHARED_PICTURE_H

#include <stddef.h>
#include <stdint.h>

#define PICTURE_ROWS_MAX 400u /* what is longer is cut: no screen is */

enum picture_style {
    PICTURE_UNIQUE,     /* dark letters on yellow */
    PICTURE_MISLEADING, /* underlined in red on a dark ground */
};

struct picture_mark {
    uint32_t line;     /* of the text, from 1 */
    uint16_t from, to; /* columns [from, to) of that line, before wrapping */
    enum picture_style style;
};

struct picture {
    uint8_t *png; /* free with free() */
    size_t size;
};

/** Draw a text. @return 0, or -1 when there is no memory (*ret untouched) */
int picture_draw(const char *text, const struct picture_mark *marks, size_t count,
                 struct picture *ret);

#endif /* SHARED_PICTURE_H */
