#include "secret_keys.h"
#include "short_aes.h"

_Static_assert(2 * SHORT_AES_BYTES == SECRET_KEY_BYTES, "two halves");

static void make_ready(struct rotating_key *keys)
{
	for (uint32_t i = 0; i < sizeof(keys->key) / sizeof(keys->key[0]); i++)
		short_aes_expand((struct short_aes *)keys->rounds[i], keys->key[i] + SHORT_AES_BYTES);
}

void secret_keys_make_ready(struct secret_keys *keys)
{
	if (!short_aes_is_available())
		return;
	make_ready(&keys->nonce);
	make_ready(&keys->cookie);
}
