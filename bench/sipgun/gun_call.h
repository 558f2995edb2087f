/*
 * gun_call.h - the calls: one slot each for both sides, found by the Call-ID, which carries index and generation.
 *
 *   Call-ID: 0000002a00000007-5eed5eed@sipgun
 *            index   generation run
 */
#ifndef AMITY_GUN_CALL_H
#define AMITY_GUN_CALL_H

#include "gun_counts.h"
#include "timer_wheel.h"

#define GUN_CALL_ID_BYTES     16 /* index and generation */
#define GUN_CALL_SUFFIX_BYTES 16 /* "-5eed5eed@sipgun" */
#define GUN_CALL_NONE	      UINT32_MAX
#define GUN_CALL_DIALOG_BYTES 640

enum gun_called_step {
	GUN_CALLED_IDLE,
	GUN_CALLED_RINGING,
	GUN_CALLED_ANSWERED,
	GUN_CALLED_CONFIRMED,
	GUN_CALLED_ENDED
};

struct gun_call {
	struct timer caller_timer;
	struct timer called_timer;
	struct rte_mbuf *request; /* the caller's, to be sent again; NULL: none */
	struct rte_mbuf *answer;  /* the 200 of the called side */
	uint64_t due_tsc;
	uint64_t sent_tsc;    /* the caller's last request, ACK apart */
	uint64_t ringing_tsc; /* 180, 200 of the called side; 0: received, or not sent */
	uint64_t answered_tsc;
	uint64_t ack_tsc; /* 0: received, or not sent */
	uint32_t generation;
	uint32_t user, dial;
	uint32_t next_free;
	uint32_t cseq;		/* of the caller's last request, ACK apart */
	uint32_t invite_cseq;	/* of the last INVITE that got 200 */
	uint32_t called_cseq;	/* of the last INVITE that the called side got */
	uint32_t deadline_tick; /* of the caller's request: timers B, F */
	uint32_t called_deadline_tick;
	uint16_t interval_ticks; /* to the next repetition: timers A, E */
	uint16_t called_interval_ticks;
	uint16_t target_bytes, tag_bytes, route_bytes; /* in the call's dialog text, in this order */
	uint8_t step;				       /* enum gun_step */
	uint8_t called_step;			       /* enum gun_called_step */
	bool is_measured;
	bool is_answered_before; /* a provisional answer came */
	bool has_fresh_nonce;	 /* the credentials answer a challenge of this call */
};
_Static_assert(sizeof(struct gun_call) <= 256, "a million calls at a time");

struct gun_calls {
	struct gun_call *call;
	char (*dialog)[GUN_CALL_DIALOG_BYTES]; /* of each; touched by calls that are answered */
	uint32_t count_max;
	uint32_t free_first;
	uint32_t live;
	uint32_t unused_first; /* slots from here on were never taken */
	char suffix[GUN_CALL_SUFFIX_BYTES];
};

/* Result: false when there is no memory. */
bool gun_call_init(struct gun_calls *calls, uint32_t count_max, uint32_t run);
void gun_call_free(struct gun_calls *calls);

/* A slot of a new generation, else as it was left. Result: NULL when all are taken. */
struct gun_call *gun_call_take(struct gun_calls *calls);

/* Gives the slot back; its timers have to be stopped, its buffers dropped. */
void gun_call_give(struct gun_calls *calls, struct gun_call *call);

/* The call of a Call-ID. Result: NULL when it is none of ours, or ended. */
struct gun_call *gun_call_find(const struct gun_calls *calls, struct span call_id);

static inline uint32_t gun_call_index(const struct gun_calls *calls, const struct gun_call *call)
{
	return (uint32_t)(call - calls->call);
}

static inline char *gun_call_dialog(const struct gun_calls *calls, const struct gun_call *call)
{
	return calls->dialog[call - calls->call];
}

#endif
