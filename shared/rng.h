/* rng.h - random numbers with names.
 *
 * One integer generator (splitmix64 to seed, xoshiro256** to draw), split into named streams, so
 * that a new draw in one module shifts no draw of another. Freestanding. One draw per statement:
 * the order of evaluation of arguments differs between compilers. */
#ifndef SHARED_RNG_H
#define SHARED_RNG_H

#include <stdint.h>

struct rng {
    uint64_t s[4];
};

/** A number derived from `root` and `name` (FNV-1a over the bytes, then splitmix64); equal inputs,
 * equal output. */
uint64_t rng_derive(uint64_t root, const char *name);
/** A stateless mix of two numbers: the value of a pure function of (root, index). */
uint64_t rng_hash(uint64_t root, uint64_t index);
/** Start the stream `name` of `root`. */
void rng_init(struct rng *r, uint64_t root, const char *name);
/** The next 64 bits. */
uint64_t rng_next(struct rng *r);
/** A number in 0..bound-1 without modulo bias; bound > 0. */
uint64_t rng_below(struct rng *r, uint64_t bound);

#endif /* SHARED_RNG_H */
