/*
 * reference_choices.h - the times of RFC 3261 table 4, and what amity does where the RFCs leave a choice.
 */
#ifndef AMITY_TESTS_REFERENCE_CHOICES_H
#define AMITY_TESTS_REFERENCE_CHOICES_H

#define REFERENCE_TICK_MS      10u
#define REFERENCE_TICKS_OF(ms) ((ms) / REFERENCE_TICK_MS)

#define REFERENCE_T1 REFERENCE_TICKS_OF(500u)
#define REFERENCE_T2 REFERENCE_TICKS_OF(4000u)
#define REFERENCE_T4 REFERENCE_TICKS_OF(5000u)

/* 17.1.1.2: at least 32 s over UDP. */
#define REFERENCE_TIMER_D REFERENCE_TICKS_OF(32000u)

/* 16.6 step 11: "larger than 3 minutes". Its time begins anew with each provisional response but 100 (16.7 step 2); it
 * begins with the first one of all, since B watches until then. */
#define REFERENCE_TIMER_C REFERENCE_TICKS_OF(181000u)

/* RFC 4320 4.1: 100 to a non-INVITE not before a client's timer E has become T2: 0.5 + 1 + 2 s. */
#define REFERENCE_TRYING_AFTER REFERENCE_TICKS_OF(3500u)

/* 9.1: a branch whose CANCEL brings no final response is given up after 64*T1. */
#define REFERENCE_GIVE_UP_AFTER (64u * REFERENCE_T1)

/* 9.1: the CANCEL is not repeated any more once its INVITE has a final response: it would cancel nothing. */
#define REFERENCE_CANCEL_ENDS_WITH_ITS_INVITE true

/* 16.7 step 5 asks for provisional responses to be passed; those of a branch that is being cancelled say nothing. */
#define REFERENCE_CANCELLED_BRANCH_RINGS false

/* 16.7 step 6 has 503 turned into 500, "SHOULD": the status of the far side is passed (R28), but after all other 5xx.
 */
#define REFERENCE_503_COMES_LAST true

/* 17.2: a server transaction that has ended is remembered as long as one of its branches could still send something:
 * what repeats its request until then is absorbed, and is no new request. */
#define REFERENCE_ENDED_IS_REMEMBERED true

/* 18.4: an ICMP error ends a branch that has heard nothing yet; who rings has a way to us. Of a non-INVITE, whose
 * request is repeated until its end, it ends it in Proceeding too. */

/* 8.2.2.2: "ongoing" ends with a final response that refuses. */
#define REFERENCE_ONGOING_BELOW 300u

/* Beside them, from R28: 401 and 407 of a called side go up as 502 with our own tag, except in a dialog; what the
 * caller has cancelled and nobody has ended goes up as 487, else what nobody has answered as 408. */

#endif
