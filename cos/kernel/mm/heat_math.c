/* heat_math.c - see heat_math.h. Tables of whole steps, a few terms of the series between them. */
#include "cos/kernel/mm/heat_math.h"

typedef unsigned __int128 u128;

#define ONE (1ull << 32)
#define LN_2 49946518145322872ull /* 56 bits behind the point */

/* exp(-i), exp(-i/16), exp(-i/256); the first entry stands for 1 */
static const uint32_t exp_1[16] = {
    4294967295u, 1580030169u, 581260615u, 213833830u, 78665070u, 28939262u, 10646160u, 3916503u,
    1440801u,    530041u,     194991u,    71733u,     26389u,    9708u,     3571u,     1314u,
};
static const uint32_t exp_16[16] = {
    4294967295u, 4034748382u, 3790295335u, 3560652950u, 3344923893u, 3142265200u,
    2951884975u, 2773039306u, 2605029347u, 2447198598u, 2298930330u, 2159645183u,
    2028798896u, 1905880184u, 1790408741u, 1681933360u,
};
static const uint32_t exp_256[16] = {
    4294967295u, 4278222805u, 4261543595u, 4244929411u, 4228380000u, 4211895109u,
    4195474486u, 4179117881u, 4162825044u, 4146595727u, 4130429683u, 4114326664u,
    4098286424u, 4082308719u, 4066393306u, 4050539941u,
};
/* ln(1 + i/32), 56 bits behind the point */
static const uint64_t ln_32[32] = {
    0u,
    2217331688082624u,
    4368464387551571u,
    6457236551723852u,
    8487162167882470u,
    10461466326985286u,
    12383116048934824u,
    14254847103118696u,
    16079187432780868u,
    17858477686553686u,
    19594889275545656u,
    21290440305439940u,
    22947009676802824u,
    24566349600663336u,
    26150096738402332u,
    27699782143510892u,
    29216840156602672u,
    30702616383208844u,
    32158374865561736u,
    33585304544154244u,
    34984525091838900u,
    36357092192192504u,
    37704002324485144u,
    39026197109583696u,
    40324567264265856u,
    41599956205537496u,
    42853163341481456u,
    44084947080794320u,
    45296027589383536u,
    46487089319114200u,
    47658783330938200u,
    48811729432148328u,
};

uint64_t heat_used_probability(uint64_t x)
{
    if (x >> 28 != 0) /* 16 and more: one in nine million is not worth a term */
        return ONE;
    const uint64_t rest = (x & 0xffff) << 8; /* below 1/256, 32 bits behind the point */
    uint64_t e = ONE - rest + (rest * rest >> 33);
    if ((x >> 24 & 15) != 0)
        e = e * exp_1[x >> 24 & 15] >> 32;
    if ((x >> 20 & 15) != 0)
        e = e * exp_16[x >> 20 & 15] >> 32;
    if ((x >> 16 & 15) != 0)
        e = e * exp_256[x >> 16 & 15] >> 32;
    return ONE - e;
}

/* -ln(u) for u = bits / 2^64 = (1 + i/32) * (1 + r) / 2^k */
uint64_t heat_exponential(uint64_t bits)
{
    bits |= 1;
    const unsigned zeros = (unsigned)__builtin_clzll(bits);
    const uint64_t m = bits << zeros; /* 1 <= m / 2^63 < 2 */
    const unsigned i = m >> 58 & 31;
    const uint64_t r = (m - ((uint64_t)(32 + i) << 58)) / ((32 + i) * 4); /* below 1/32 */
    const uint64_t r2 = (uint64_t)((u128)r * r >> 56);
    const uint64_t r3 = (uint64_t)((u128)r2 * r >> 56);
    const uint64_t ln_m = ln_32[i] + (r - r2 / 2 + r3 / 3), top = (zeros + 1) * LN_2;
    return top > ln_m ? top - ln_m : 0;
}
