/* svg.h - lines and words of a picture, as SVG text within an HTML page: its words stay words that
 * can be searched and copied.
 *
 * Coordinates are pixels from the upper left corner; colours are 0xRRGGBB. What is drawn is written
 * at once; whether it could be, the caller asks the stream. */
#ifndef TOOLS_DIAGNOSE_SVG_H
#define TOOLS_DIAGNOSE_SVG_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum svg_anchor { SVG_LEFT, SVG_RIGHT };

struct svg_point {
    double x, y;
};

/** Start a picture of that size. */
void svg_begin(FILE *to, int width, int height);
/** End it. */
void svg_end(FILE *to);

/** A line through `count` points. */
void svg_polyline(FILE *to, const struct svg_point *point, size_t count, uint32_t colour,
                  double width);
/** A filled rectangle. */
void svg_rectangle(FILE *to, double x, double y, double width, double height, uint32_t colour);
/** Words whose left or right end stands at x. */
void svg_text(FILE *to, double x, double y, enum svg_anchor anchor, double size, uint32_t colour,
              const char *text);

/** Write text into HTML or SVG with its special characters escaped. */
void svg_put_escaped(FILE *to, const char *text);

#endif /* TOOLS_DIAGNOSE_SVG_H */
