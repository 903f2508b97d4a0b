/* plot.c - see plot.h. */
#include "tools/diagnose/reports/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "shared/calendar.h"
#include "shared/units.h"

#define PANEL_HEIGHT 220
#define LEFT 80
#define RIGHT 150
#define TOP 34
#define BOTTOM 34
#define LINES_MAX 6u /* programs that get a line of their own */
#define LAST_HOURS 30u
#define INK 0x222222
#define FAINT 0xdddddd

static const uint32_t colours[LINES_MAX] = { 0xc0148c, 0x1f77b4, 0x2ca02c,
                                             0xff7f0e, 0x8c564b, 0x7f7f7f };

struct panel {
    FILE *to;
    double top;        /* of the panel */
    double x0, x1, y1; /* range of the data; y starts at 0 */
    const char *title, *unit;
};

/* ---- axes ------------------------------------------------------------------------------------ */
static double x_of(const struct panel *p, double x)
{
    const double width = PLOT_WIDTH - LEFT - RIGHT;
    return LEFT + (p->x1 > p->x0 ? (x - p->x0) / (p->x1 - p->x0) * width : 0);
}

static double y_of(const struct panel *p, double y)
{
    const double height = PANEL_HEIGHT - TOP - BOTTOM;
    return p->top + TOP + height - (p->y1 > 0 ? y / p->y1 * height : 0);
}

/* A step of 1, 2 or 5 times a power of ten that divides `range` into at most six. */
static double nice_step(double range)
{
    const double rough = range / 5, power = pow(10, floor(log10(rough > 0 ? rough : 1)));
    static const double factors[] = { 1, 2, 5, 10 };
    for (size_t i = 0; i < 4; i++)
        if (factors[i] * power >= rough)
            return factors[i] * power;
    return 10 * power;
}

static void draw_frame(const struct panel *p)
{
    char label[64];
    svg_text(p->to, LEFT, p->top + 18, SVG_LEFT, 14, INK, p->title);
    const double step = nice_step(p->y1);
    const int digits = step < 1 ? (int)-floor(log10(step) + 1e-9) : 0;
    for (unsigned n = 0; n * step <= p->y1; n++) {
        const double y = n * step;
        const struct svg_point line[2] = { { LEFT, y_of(p, y) },
                                           { PLOT_WIDTH - RIGHT, y_of(p, y) } };
        svg_polyline(p->to, line, 2, FAINT, 1);
        (void)snprintf(label, sizeof label, "%.*f %s", digits, y, p->unit);
        svg_text(p->to, LEFT - 6, y_of(p, y) + 4, SVG_RIGHT, 11, INK, label);
    }
}

static void draw_legend(const struct panel *p, uint32_t row, uint32_t colour, const char *name)
{
    const double y = p->top + TOP + 16.0 * row;
    svg_rectangle(p->to, PLOT_WIDTH - RIGHT + 12, y - 8, 10, 10, colour);
    svg_text(p->to, PLOT_WIDTH - RIGHT + 28, y + 1, SVG_LEFT, 12, INK, name);
}

/* ---- programs over time ---------------------------------------------------------------------- */
struct line {
    char name[VMKSUMMARY_NAME_MAX];
    int64_t most_kb;
};

static struct line *find_line(struct line *lines, uint32_t *count, uint32_t room, const char *name)
{
    for (uint32_t i = 0; i < *count; i++)
        if (strcmp(lines[i].name, name) == 0)
            return &lines[i];
    if (*count == room)
        return NULL;
    (void)snprintf(lines[*count].name, sizeof lines->name, "%s", name);
    lines[*count].most_kb = 0;
    return &lines[(*count)++];
}

static int by_size(const void *a, const void *b)
{
    const int64_t x = ((const struct line *)a)->most_kb, y = ((const struct line *)b)->most_kb;
    return x < y   ? 1
           : x > y ? -1
                   : strcmp(((const struct line *)a)->name, ((const struct line *)b)->name);
}

/* The names that stand in the hours from `first` on, largest first. */
static uint32_t collect_lines(const struct diagnosis *d, uint32_t first, struct line lines[64])
{
    uint32_t count = 0;
    for (uint32_t i = first; i < d->hour_count; i++)
        for (uint32_t n = 0; n < d->hour[i]->top_count; n++) {
            struct line *l = find_line(lines, &count, 64, d->hour[i]->top[n].name);
            if (l != NULL && d->hour[i]->top[n].kb > l->most_kb)
                l->most_kb = d->hour[i]->top[n].kb;
        }
    qsort(lines, count, sizeof lines[0], by_size);
    return count < LINES_MAX ? count : LINES_MAX;
}

/* The sizes of a program; without a name, the swap in use. */
static void draw_hours(const struct panel *p, const struct diagnosis *d, uint32_t first,
                       const char *name, uint32_t colour)
{
    struct svg_point *point = calloc(d->hour_count - first, sizeof *point);
    size_t count = 0;
    for (uint32_t i = first; point != NULL && i < d->hour_count; i++) {
        const int64_t kb = name != NULL ? vmksummary_kb_of(d->hour[i], name) : d->hour[i]->swap_kb;
        if (kb >= 0)
            point[count++] = (struct svg_point){ x_of(p, (double)d->hour[i]->epoch_s),
                                                 y_of(p, (double)kb / 1024) };
    }
    if (count > 0)
        svg_polyline(p->to, point, count, colour, 2);
    free(point);
}

/* A panel over the hours from `first` on, up to most_kb, with its frame and its dates. */
static struct panel begin_hours(const struct diagnosis *d, FILE *to, double top, uint32_t first,
                                double most_kb, const char *title)
{
    const int64_t end_s[2] = { d->hour[first]->epoch_s, d->hour[d->hour_count - 1]->epoch_s };
    const struct panel p = { to,    top, (double)end_s[0], (double)end_s[1], most_kb / 1024 * 1.05,
                             title, "MB" };
    draw_frame(&p);
    for (int i = 0; i < 2; i++) {
        struct calendar_date date;
        char stamp[CALENDAR_SYSLOG_SIZE];
        calendar_from_epoch(end_s[i], (int32_t)d->host.zone_s, &date);
        calendar_format_syslog(&date, stamp);
        svg_text(to, x_of(&p, (double)end_s[i]), top + PANEL_HEIGHT - 14,
                 i == 0 ? SVG_LEFT : SVG_RIGHT, 11, INK, stamp);
    }
    return p;
}

static void draw_programs(const struct diagnosis *d, FILE *to, double top, uint32_t first,
                          const char *title)
{
    static struct line lines[64];
    const uint32_t count = collect_lines(d, first, lines);
    const double most_kb = count > 0 ? (double)lines[0].most_kb : 1024;
    const struct panel p = begin_hours(d, to, top, first, most_kb, title);
    for (uint32_t i = 0; i < count; i++) {
        draw_hours(&p, d, first, lines[i].name, colours[i]);
        draw_legend(&p, i, colours[i], lines[i].name);
    }
}

static void draw_swap(const struct diagnosis *d, FILE *to, double top)
{
    const double total_kb = (double)d->memory.swap_total_kb;
    double most_kb = total_kb;
    for (uint32_t i = 0; i < d->hour_count; i++)
        most_kb = fmax(most_kb, (double)d->hour[i]->swap_kb);
    const struct panel p = begin_hours(d, to, top, 0, most_kb, "Swap in use");
    draw_hours(&p, d, 0, NULL, colours[0]);
    draw_legend(&p, 0, colours[0], "swap used");
    if (total_kb <= 0)
        return;
    const double y = y_of(&p, total_kb / 1024);
    const struct svg_point all[2] = { { LEFT, y }, { PLOT_WIDTH - RIGHT, y } };
    svg_polyline(to, all, 2, INK, 1);
    draw_legend(&p, 1, INK, "all of it");
}

/* ---- beats ----------------------------------------------------------------------------------- */
static void draw_beats(const struct diagnosis *d, FILE *to, double top)
{
    struct panel p = { to,
                       top,
                       (double)d->beat[0].at_ns / NS_PER_S,
                       (double)d->host.uptime_ns / NS_PER_S,
                       1e-3,
                       "Latency of the last beats' page",
                       "ms" };
    char label[64];
    if (p.x1 <= p.x0)
        p.x1 = (double)d->beat[d->beat_count - 1].at_ns / NS_PER_S;
    for (uint32_t i = 0; i < d->beat_count; i++)
        p.y1 = fmax(p.y1, (double)d->beat[i].latency_ns / NS_PER_MS * 1.1);
    draw_frame(&p);
    for (uint32_t i = 0; i < d->beat_count; i++) {
        const double y = y_of(&p, (double)d->beat[i].latency_ns / NS_PER_MS);
        svg_rectangle(to, x_of(&p, (double)d->beat[i].at_ns / NS_PER_S) - 2, y, 4,
                      y_of(&p, 0) - y + 1, colours[1]);
    }
    (void)snprintf(label, sizeof label, "%.0f minutes before the end", (p.x1 - p.x0) / 60);
    svg_text(to, LEFT, top + PANEL_HEIGHT - 14, SVG_LEFT, 11, INK, label);
    svg_text(to, PLOT_WIDTH - RIGHT, top + PANEL_HEIGHT - 14, SVG_RIGHT, 11, INK, "end");
    draw_legend(&p, 0, colours[1], "one beat");
}

/* ---- all ------------------------------------------------------------------------------------- */
int plot_height(const struct diagnosis *d)
{
    const int hours = d->hour_count < 2 ? 0 : d->hour_count > LAST_HOURS ? 3 : 2;
    return PANEL_HEIGHT * (hours + (d->beat_count > 1));
}

void plot_draw(const struct diagnosis *d, FILE *to)
{
    double top = 0;
    if (d->hour_count >= 2) {
        draw_programs(d, to, top, 0, "The largest programs, by vmksummary");
        top += PANEL_HEIGHT;
        if (d->hour_count > LAST_HOURS) {
            draw_programs(d, to, top, d->hour_count - LAST_HOURS, "The last 30 hours");
            top += PANEL_HEIGHT;
        }
        draw_swap(d, to, top);
        top += PANEL_HEIGHT;
    }
    if (d->beat_count > 1)
        draw_beats(d, to, top);
}
