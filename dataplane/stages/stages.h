/*
 * stages.h - the stages of the walk, one function over the burst each; worker.c lists them in order.
 *
 * Every stage skips packets that have ended (verdict set) and ends those it decides about with packet_end() or
 * packet_refuse().
 *
 * Thread: the lcore that owns the worker.
 */
#ifndef AMITY_STAGES_H
#define AMITY_STAGES_H

#include "worker.h"

/* Ports and other lcores' rings -> worker->packet[]; what is not UDP to a SIP address of ours ends as NOT_OURS. */
void receive_burst(struct worker *worker);

/* Fragments -> datagrams, copied together; those that are not complete end as ABSORB. Counts what waited too long. */
void reassemble_burst(struct worker *worker);

/* Hands each packet to the lcore that the keyed hash of its Call-ID names (DESIGN.md section 4). */
void steer_burst(struct worker *worker);

/* Bytes -> packet->message; folded lines are unfolded in place. */
void parse_burst(struct worker *worker);

/* What can be refused, answered or classified without knowing who sent it (RFC 3261 16.3, R11, R29). */
void screen_burst(struct worker *worker);

/* Finds the transaction of responses, CANCELs, ACKs and retransmissions, and what follows for it (RFC 3261 17). */
void transact_burst(struct worker *worker);

/* Who sent it (R1) and whether it is really them (R2). */
void authenticate_burst(struct worker *worker);

/* Where it goes: route_decide() for new requests, the sealed cookie for in-dialog ones, Via for responses. */
void route_burst(struct worker *worker);

/* Makes the server transaction of a routed request and its first branch (RFC 3261 16.5, 16.6, 17.2; R18). */
void fork_burst(struct worker *worker);

/* The outgoing message: an edit list against the received bytes, applied in one pass into a new mbuf, or over them. */
void rewrite_burst(struct worker *worker);

/* Packets for the control thread into its ring. */
void punt_burst(struct worker *worker);

/* Responses of our own. */
void answer_burst(struct worker *worker);

/* Messages of the control thread -> transmit. */
void reinject_burst(struct worker *worker);

/* Timers that are due; transactions that this burst has settled. */
void expire_burst(struct worker *worker);

/* Frames around outgoing messages, to the ports. */
void transmit_burst(struct worker *worker);

/* Answers what the control thread asks (include/inquiry.h), a bounded part of it in each burst. */
void inquire_burst(struct worker *worker);

/* Counts every packet's end and gives the received mbufs back. */
void drop_burst(struct worker *worker);

#endif
