/* canvas.c - see canvas.h. */
#include "tools/diagnose/reports/canvas.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <cairo/cairo.h>

#define PATH_ROOM 4096

void canvas_put_escaped(FILE *to, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            (void)fputs("&lt;", to);
            break;
        case '>':
            (void)fputs("&gt;", to);
            break;
        case '&':
            (void)fputs("&amp;", to);
            break;
        case '"':
            (void)fputs("&quot;", to);
            break;
        default:
            /* Control characters are no characters of XML. */
            (void)fputc((unsigned char)*text < ' ' ? ' ' : *text, to);
        }
    }
}

/* ---- SVG ------------------------------------------------------------------------------------- */
static void svg_polyline(void *context, const struct canvas_point *point, size_t count,
                         uint32_t colour, double width)
{
    FILE *to = context;
    (void)fprintf(to, "<polyline fill=\"none\" stroke=\"#%06x\" stroke-width=\"%.1f\" points=\"",
                  colour, width);
    for (size_t i = 0; i < count; i++)
        (void)fprintf(to, "%s%.1f,%.1f", i > 0 ? " " : "", point[i].x, point[i].y);
    (void)fputs("\"/>\n", to);
}

static void svg_rectangle(void *context, double x, double y, double width, double height,
                          uint32_t colour)
{
    (void)fprintf(context,
                  "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"#%06x\"/>\n",
                  x, y, width, height, colour);
}

static void svg_text(void *context, double x, double y, enum canvas_anchor anchor, double size,
                     uint32_t colour, const char *text)
{
    static const char *const anchors[] = { "start", "middle", "end" };
    FILE *to = context;
    (void)fprintf(to,
                  "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" font-size=\"%.0f\" "
                  "fill=\"#%06x\">",
                  x, y, anchors[anchor], size, colour);
    canvas_put_escaped(to, text);
    (void)fputs("</text>\n", to);
}

struct canvas canvas_svg_begin(FILE *to, int width, int height)
{
    (void)fprintf(to,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
                  "height=\"%d\" font-family=\"sans-serif\" role=\"img\">\n",
                  width, height, width, height);
    return (struct canvas){ to, svg_polyline, svg_rectangle, svg_text };
}

void canvas_svg_end(struct canvas *c)
{
    (void)fputs("</svg>\n", c->context);
}

/* ---- PNG ------------------------------------------------------------------------------------- */
static void set_colour(cairo_t *cr, uint32_t colour)
{
    cairo_set_source_rgb(cr, (colour >> 16 & 255) / 255.0, (colour >> 8 & 255) / 255.0,
                         (colour & 255) / 255.0);
}

static void png_polyline(void *context, const struct canvas_point *point, size_t count,
                         uint32_t colour, double width)
{
    cairo_t *cr = context;
    set_colour(cr, colour);
    cairo_set_line_width(cr, width);
    cairo_new_path(cr); /* words leave a point behind them */
    for (size_t i = 0; i < count; i++)
        cairo_line_to(cr, point[i].x, point[i].y);
    cairo_stroke(cr);
}

static void png_rectangle(void *context, double x, double y, double width, double height,
                          uint32_t colour)
{
    cairo_t *cr = context;
    set_colour(cr, colour);
    cairo_rectangle(cr, x, y, width, height);
    cairo_fill(cr);
}

static void png_text(void *context, double x, double y, enum canvas_anchor anchor, double size,
                     uint32_t colour, const char *text)
{
    cairo_t *cr = context;
    cairo_text_extents_t extents;
    set_colour(cr, colour);
    cairo_select_font_face(cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cr, size);
    cairo_text_extents(cr, text, &extents);
    cairo_move_to(cr, x - extents.x_advance * (int)anchor / 2, y);
    cairo_show_text(cr, text);
}

struct canvas canvas_png_begin(int width, int height)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    cairo_t *cr = cairo_create(surface);
    cairo_surface_destroy(surface); /* the context holds it */
    if (cairo_status(cr) != CAIRO_STATUS_SUCCESS) {
        cairo_destroy(cr);
        return (struct canvas){ 0 };
    }
    set_colour(cr, 0xffffff);
    cairo_paint(cr);
    return (struct canvas){ cr, png_polyline, png_rectangle, png_text };
}

int canvas_png_end(struct canvas *c, const char *path)
{
    char temporary[PATH_ROOM];
    cairo_t *cr = c->context;
    int status = -1;
    if ((size_t)snprintf(temporary, sizeof temporary, "%s.new", path) >= sizeof temporary)
        errno = ENAMETOOLONG;
    else if (cairo_surface_write_to_png(cairo_get_target(cr), temporary) != CAIRO_STATUS_SUCCESS)
        errno = errno != 0 ? errno : EIO;
    else
        status = rename(temporary, path);
    if (status != 0) {
        const int error = errno;
        (void)unlink(temporary);
        errno = error;
    }
    cairo_destroy(cr);
    c->context = NULL;
    return status;
}
