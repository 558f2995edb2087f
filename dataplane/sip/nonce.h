/*
 * nonce.h - stateless digest nonces (R2): time, key id and a MAC over both, the realm and the Call-ID.
 *
 * A nonce verifies on every lcore, after every table swap and restart, as long as the key lives. It belongs to the
 * Call-ID that it was issued for: requests of one Call-ID meet on one lcore, so the replay window
 * (dataplane/state/nonce_window.h) needs no sharing. A client that carries its nonce to another call is challenged
 * again with stale=true, once.
 *
 * The MAC is short_aes_mac() where the CPU has AES; else SipHash (keyed_hash.h), as all nonces were before. A node with
 * AES verifies both kinds; one without, or of before, challenges again for the first, and its own nonce goes
 * everywhere.
 *
 * It is short, since it goes to the client and back, and is hashed: behind HA1 it leaves 16 bytes to the client's own
 * nonce before MD5 takes a third block. Nonces of 36 bytes, as issued before, verify too.
 */
#ifndef AMITY_NONCE_H
#define AMITY_NONCE_H

#include "secret_keys.h"
#include "span.h"

#define NONCE_TEXT_BYTES 22  /* base64url of key id and kind (1), time (2), challenge (5), MAC (8) */
#define NONCE_LIFE_S	 300 /* R2 */

/* What a nonce is good for. */
struct nonce_scope {
	struct span realm;
	struct span call_id;
};

/*
 * `challenge` tells two challenges of one second apart, so that two logins under one Call-ID do not share a nonce and
 * its counts; the same request sent again gets the same nonce. Its low 40 bits count.
 */
void nonce_issue(char text[NONCE_TEXT_BYTES], const struct rotating_key *keys, uint32_t now_s,
		 const struct nonce_scope *scope, uint64_t challenge);

/*
 * Thread: any.   Cost: about 50 ns with AES, 110 without, as issuing.
 * Result: true when it is ours, for this realm and Call-ID, not older than NONCE_LIFE_S and not from the future (2 s of
 * grace for other nodes' clocks); *issued_s is then set.
 */
bool nonce_verify(uint32_t *issued_s, struct span text, const struct rotating_key *keys, uint32_t now_s,
		  const struct nonce_scope *scope);

#endif
