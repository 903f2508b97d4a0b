/* svg.c - see svg.h. */
#include "tools/diagnose/reports/svg.h"

void svg_put_escaped(FILE *to, const char *text)
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

void svg_polyline(FILE *to, const struct svg_point *point, size_t count, uint32_t colour,
                  double width)
{
    (void)fprintf(to, "<polyline fill=\"none\" stroke=\"#%06x\" stroke-width=\"%.1f\" points=\"",
                  colour, width);
    for (size_t i = 0; i < count; i++)
        (void)fprintf(to, "%s%.1f,%.1f", i > 0 ? " " : "", point[i].x, point[i].y);
    (void)fputs("\"/>\n", to);
}

void svg_rectangle(FILE *to, double x, double y, double width, double height, uint32_t colour)
{
    (void)fprintf(to,
                  "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"#%06x\"/>\n",
                  x, y, width, height, colour);
}

void svg_text(FILE *to, double x, double y, enum svg_anchor anchor, double size, uint32_t colour,
              const char *text)
{
    static const char *const anchors[] = { "start", "end" };
    (void)fprintf(to,
                  "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" font-size=\"%.0f\" "
                  "fill=\"#%06x\">",
                  x, y, anchors[anchor], size, colour);
    svg_put_escaped(to, text);
    (void)fputs("</text>\n", to);
}

void svg_begin(FILE *to, int width, int height)
{
    (void)fprintf(to,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
                  "height=\"%d\" font-family=\"sans-serif\" role=\"img\">\n",
                  width, height, width, height);
}

void svg_end(FILE *to)
{
    (void)fputs("</svg>\n", to);
}
