/* plot.h - the plots of a diagnosis: sizes of programs over time, swap, latency of the last beats.
 *
 * Panels stand one below the other on PLOT_WIDTH by plot_height() pixels. A panel without data is
 * left out. */
#ifndef TOOLS_DIAGNOSE_PLOT_H
#define TOOLS_DIAGNOSE_PLOT_H

#include "tools/diagnose/reports/svg.h"
#include "tools/diagnose/diagnose.h"

#define PLOT_WIDTH 900

/** Pixels that the panels need; 0 = there is nothing to draw. */
int plot_height(const struct diagnosis *d);
/** Draw them all, within svg_begin() and svg_end(). */
void plot_draw(const struct diagnosis *d, FILE *to);

#endif /* TOOLS_DIAGNOSE_PLOT_H */
