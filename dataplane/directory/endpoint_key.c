#include "company.h"

#include <sodium.h>

/* A name of 65, '@', a domain of 255; what is longer belongs to nobody and may share a key, as names are compared after
 * it. */
#define KEY_TEXT_BYTES_MAX 384

_Static_assert(AOR_KEY_BYTES == crypto_shorthash_siphashx24_BYTES, "SipHash-128");
_Static_assert(crypto_shorthash_siphashx24_KEYBYTES == 16, "secret of the declaration");

struct key_text {
	uint32_t length;
	char byte[KEY_TEXT_BYTES_MAX];
};

static void append(struct key_text *text, struct span part, bool fold)
{
	for (uint32_t i = 0; i < part.length && text->length < KEY_TEXT_BYTES_MAX; i++)
		text->byte[text->length++] = fold ? span_lower_byte(part.at[i]) : part.at[i];
}

void endpoint_key_make(uint8_t key[AOR_KEY_BYTES], const uint8_t secret[16], struct span name, struct span domain)
{
	struct key_text text;

	text.length = 0;
	append(&text, name, false);
	append(&text, SPAN_LITERAL("@"), false);
	append(&text, domain, true);
	crypto_shorthash_siphashx24(key, (const unsigned char *)text.byte, text.length, secret);
}
