/* canvas.h - lines and words in a picture, whatever becomes of it: SVG text or a PNG.
 *
 * Two backends behind one table, so that a plot is written once. SVG is written by hand, since its
 * words stay words that can be searched and copied; PNG is cairo's. Coordinates are pixels from the
 * upper left corner; colours are 0xRRGGBB. */
#ifndef TOOLS_DIAGNOSE_CANVAS_H
#define TOOLS_DIAGNOSE_CANVAS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum canvas_anchor { CANVAS_LEFT, CANVAS_MIDDLE, CANVAS_RIGHT };

struct canvas_point {
    double x, y;
};
struct canvas {
    void *context;
    void (*polyline)(void *context, const struct canvas_point *point, size_t count, uint32_t colour,
                     double width);
    void (*rectangle)(void *context, double x, double y, double width, double height,
                      uint32_t colour);
    void (*text)(void *context, double x, double y, enum canvas_anchor anchor, double size,
                 uint32_t colour, const char *text);
};

/** Start an SVG element of that size on `to`; what is drawn is written at once. */
struct canvas canvas_svg_begin(FILE *to, int width, int height);
void canvas_svg_end(struct canvas *c);

/** Start a picture on a white ground. A context of NULL = no memory. */
struct canvas canvas_png_begin(int width, int height);
/** Write it to `path` (temporary name, rename) and free it. @return 0 or -1 with errno */
int canvas_png_end(struct canvas *c, const char *path);

/** Write text into HTML or SVG with its special characters escaped. */
void canvas_put_escaped(FILE *to, const char *text);

#endif /* TOOLS_DIAGNOSE_CANVAS_H */
