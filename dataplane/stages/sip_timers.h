/*
 * sip_timers.h - the timers of RFC 3261 (table 4), RFC 6026 and RFC 4320, in ticks of the timer wheel, for UDP.
 */
#ifndef AMITY_SIP_TIMERS_H
#define AMITY_SIP_TIMERS_H

#include "timer_wheel.h"

#define SIP_TICKS(ms) ((uint64_t)(ms) / TIMER_WHEEL_TICK_MS)

#define SIP_T1 SIP_TICKS(500)  /* estimate of a round trip */
#define SIP_T2 SIP_TICKS(4000) /* longest interval of retransmissions of non-INVITEs and of final responses */
#define SIP_T4 SIP_TICKS(5000) /* longest that a message lives in the network */

#define SIP_TIMEOUT (64 * SIP_T1)     /* B, F, H, J, L, M, D */
#define SIP_TIMER_C SIP_TICKS(181000) /* 16.6 step 11: larger than 3 minutes */
#define SIP_TRYING  SIP_TICKS(3500)   /* RFC 4320 4.1: E has grown to T2 after 0.5 + 1 + 2 s */

/* Interval after `count` retransmissions, doubling from T1. `most` UINT64_MAX: no limit (A). */
static inline uint64_t sip_timers_interval(uint32_t count, uint64_t most)
{
	uint64_t interval = SIP_T1 << (count < 16 ? count : 16);

	return interval < most ? interval : most;
}

#endif
