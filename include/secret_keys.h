/*
 * secret_keys.h - the keys of a cluster: made by the store at first start, rotated by the control thread, read by
 * lcores as a part of the snapshot. All nodes of a cluster and all runs of a node share them, so that nonces, cookies
 * and branches outlive both.
 */
#ifndef AMITY_SECRET_KEYS_H
#define AMITY_SECRET_KEYS_H

#include <stddef.h>
#include <stdint.h>

#define SECRET_KEY_BYTES 32

/*
 * A key that can be rotated: [0] makes new texts, both open old ones; ids tell them apart. They count up modulo
 * SECRET_KEY_IDS: sealed texts keep the byte's highest bit for themselves. A key of zeros stands for none and opens
 * nothing.
 */
#define SECRET_KEY_IDS 128

#define SECRET_KEY_ROUNDS_BYTES 176

struct rotating_key {
	uint8_t id[2];
	uint8_t key[2][SECRET_KEY_BYTES];
	/* Not stored: what AES makes of the second half of each, for lcores to find it ready (short_aes.h). */
	_Alignas(16) uint8_t rounds[2][SECRET_KEY_ROUNDS_BYTES];
};
#define ROTATING_KEY_STORED_BYTES (offsetof(struct rotating_key, key) + sizeof(((struct rotating_key *)0)->key))

/* The key with that id, or NULL. */
static inline const uint8_t *secret_keys_find(const struct rotating_key *keys, uint8_t id)
{
	uint8_t any = 0;

	for (int k = 0; k < 2; k++) {
		if (keys->id[k] != id)
			continue;
		for (int i = 0; i < SECRET_KEY_BYTES; i++)
			any |= keys->key[k][i];
		return any ? keys->key[k] : NULL;
	}
	return NULL;
}

struct secret_keys {
	struct rotating_key nonce;  /* digest nonces (R2) */
	struct rotating_key cookie; /* Record-Route cookies and branches (R30) */
	uint8_t aor_key[16];	    /* SipHash-128: name@domain -> key of location and ban tables; never rotated */
	uint8_t steer_key[16];	    /* SipHash-64: Call-ID -> owner lcore */
	uint8_t tag_key[16];	    /* SipHash-64: To tags of our own answers */
	uint8_t node_id;	    /* node.id of amity.yaml */
};

/* Makes the rounds of all keys, where the CPU has AES (dataplane/sip/secret_keys.c). Thread: who made the keys or read
 * them. */
void secret_keys_make_ready(struct secret_keys *keys);

#endif
