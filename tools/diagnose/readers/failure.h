/* failure.h - the second phase of a diagnosis: which failure is it? Of several of one host it is
 * the last.
 *
 *     zdump     the one that was taken last, by its own clock
 *     core      the one whose stun is the zdump's; without a zdump the one that is read last, since
 *               names carry a serial number
 *     logs      one boot of each: that of the last loss that a log reports, else the last one that
 *               began before the end
 *     hours     the boot of the last hourly line before the end
 *     grower    the program that gained most in these hours, by vmksummary or by top
 *
 * It also settles what figures are judged against: the host, its end, the sizes of RAM and swap. */
#ifndef TOOLS_DIAGNOSE_READERS_FAILURE_H
#define TOOLS_DIAGNOSE_READERS_FAILURE_H

#include "tools/diagnose/facts/diagnosis.h"

/** Decide. Other failures are named in d->earlier. Once, after reading_end(). */
void failure_decide(struct diagnosis *d);

#endif /* TOOLS_DIAGNOSE_READERS_FAILURE_H */
