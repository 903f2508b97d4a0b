/* heat_math.h - exp and log in integers, for heat.c. */
#ifndef COS_HEAT_MATH_H
#define COS_HEAT_MATH_H

#include <stdint.h>

/** 1 - exp(-x) with 32 bits behind the point. @param x with 24 bits behind the point */
uint64_t heat_used_probability(uint64_t x);
/** A number of the exponential distribution of mean 1, with 56 bits behind the point (below 46).
 * @param bits uniform */
uint64_t heat_exponential(uint64_t bits);

#endif /* COS_HEAT_MATH_H */
