/* rng.c - see rng.h. The generators are public-domain designs (Vigna, Blackman: splitmix64,
 * xoshiro256**), written from their description. */
#include "shared/rng.h"

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t rotl(uint64_t x, unsigned k)
{
    return (x << k) | (x >> (64 - k));
}

uint64_t rng_hash(uint64_t root, uint64_t index)
{
    return mix(mix(root + 0x9e3779b97f4a7c15u) ^ (index * 0x9e3779b97f4a7c15u));
}

uint64_t rng_derive(uint64_t root, const char *name)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *name != '\0'; name++)
        h = (h ^ (unsigned char)*name) * 0x100000001b3u;
    return rng_hash(root, h);
}

void rng_init(struct rng *r, uint64_t root, const char *name)
{
    const uint64_t base = rng_derive(root, name);
    for (unsigned i = 0; i < 4; i++)
        r->s[i] = mix(base + (i + 1) * 0x9e3779b97f4a7c15u);
}

uint64_t rng_next(struct rng *r)
{
    uint64_t *s = r->s;
    const uint64_t result = rotl(s[1] * 5, 7) * 9;
    const uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

uint64_t rng_below(struct rng *r, uint64_t bound)
{
    /* Lemire's method: reject the few values that would favour small results. */
    uint64_t x = rng_next(r);
    unsigned __int128 m = (unsigned __int128)x * bound;
    if ((uint64_t)m < bound) {
        const uint64_t least = (0 - bound) % bound;
        while ((uint64_t)m < least) {
            x = rng_next(r);
            m = (unsigned __int128)x * bound;
        }
    }
    return (uint64_t)(m >> 64);
}
