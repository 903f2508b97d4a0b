/* scenario.h - what a scenario says, and the plan that it becomes.
 *
 * A scenario file is read over the host file that it inherits (schema.h has the rules), checked as
 * a whole, and turned into a struct plan, the record that the VMkernel runs. docs/scenarios.md
 * explains every key to its writer; the table in scenario.c is the truth. */
#ifndef TOOLS_SCENARIO_H
#define TOOLS_SCENARIO_H

#include <stddef.h>
#include <stdint.h>

#include "shared/plan.h"
#include "tools/scenario/expect.h"
#include "tools/scenario/faultspec.h"
#include "tools/scenario/schema.h"

#define SCENARIO_ERROR_MAX 512u
#define SCENARIO_SPECS_MAX 128u  /* lines of `programs`; one line may stand for many processes */
#define SCENARIO_INHERIT_MAX 4   /* files in a row */
#define SCENARIO_DRAWS_MAX 8u    /* groups of files that the seed draws one of each from */
#define SCENARIO_OPTIONS_MAX 24u /* files of a group */
#define SCENARIO_FILE_MAX 96u

struct scenario_program {
    struct boot_program boot;    /* of the first of `count`; of ranges the one end */
    struct boot_program boot_to; /* of ranges the other */
    int64_t count, count_to, stagger_ns;
    int64_t restart_ns; /* since midnight; -1: none */
    int64_t vary_ppm;   /* how far the seed varies sizes and times that are no range */
    uint32_t per_vm;    /* 1: as many as the host has virtual machines */
    struct schema_instant start;
};
struct scenario_option {
    char file[SCENARIO_FILE_MAX]; /* relative to the file that has the draw */
    int64_t weight;
};
struct scenario_draw {
    struct scenario_option option[SCENARIO_OPTIONS_MAX];
    int64_t count;
};
struct scenario {
    struct plan plan;    /* what keys say without more ado; the rest follows in scenario_plan() */
    struct plan plan_to; /* of ranges the other end */
    char title[128], teaches[512], source[256];
    char inherits[256]; /* path relative to this file */
    int64_t ram_kb, mem_total_kb, boot_local_s, boot_to_local_s;
    struct scenario_draw draw[SCENARIO_DRAWS_MAX];
    int64_t draw_count;
    char drawn[SCENARIO_DRAWS_MAX]
              [SCENARIO_FILE_MAX]; /* what the seed drew, in the order of reading */
    int64_t drawn_count;
    struct scenario_program program[SCENARIO_SPECS_MAX];
    int64_t program_count;
    struct faultspecs faults;
    struct expect expect;
};

/** Read a scenario file with all that it inherits and all that `seed` draws for it, and check that
 * nothing is missing. @return 0, or -1 with one line in err (*ret untouched) */
int scenario_load_seed(const char *path, uint64_t seed, struct scenario *ret,
                       char err[SCENARIO_ERROR_MAX]);
/** The same with seed 1, for those who look at a scenario and do not run it. Where things are
 * drawn, cause, faults and expectations are those of one seed: drawn_count is then not 0. */
int scenario_load(const char *path, struct scenario *ret, char err[SCENARIO_ERROR_MAX]);

/** Turn a scenario into the plan of one run. `path` is for messages. @return 0, or -1 with one line
 * in err (*ret untouched) */
int scenario_plan(const char *path, const struct scenario *s, uint64_t seed, struct plan *ret,
                  char err[SCENARIO_ERROR_MAX]);

/** The table of all keys, for those who document or check it. */
const struct schema_key *scenario_keys(void);

#endif /* TOOLS_SCENARIO_H */
