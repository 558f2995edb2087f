/*
 * packet_name.h - a transaction's name for other people's eyes: in the challenge of a nonce, in the branch of an ACK.
 *
 * packet_name() itself stays inside: from its values the key of state_hash.h might be found.
 */
#ifndef AMITY_PACKET_NAME_H
#define AMITY_PACKET_NAME_H

#include "worker.h"

/* The same for the same name. Thread: lcore, within a burst. Cost: a SipHash of 16 bytes. */
uint64_t packet_name_shown(const struct worker *worker, const struct packet *packet);

/* What names the Call-ID of a packet: packet->call_id_hash, made when transact has not come to it. */
uint64_t packet_name_call_id(const struct worker *worker, const struct packet *packet);

#endif
