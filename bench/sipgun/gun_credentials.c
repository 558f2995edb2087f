#include "gun_credentials.h"

#include "gun_text.h"

struct credentials {
	struct gun_digest_challenge challenge;
	bool is_proxy;
	bool is_register;
	uint32_t nc;
};

static const struct gun_digest_pair *find_ha1(struct gun_digest_pair *made, const struct gun *gun,
					      const struct gun_user *user, struct span realm)
{
	if (span_equals(realm, gun->pool->domain[user->domain].name))
		return &user->ha1;
	gun_digest_make_ha1(made, user->name, realm, user->password);
	return made;
}

static struct span write_qop(char room[64], const struct gun_digest_count *count, bool has_qop)
{
	static const char text[] = ",qop=auth,nc=........,cnonce=\"........\"";

	if (!has_qop)
		return (struct span){0};
	memcpy(room, text, sizeof(text) - 1);
	memcpy(room + 13, count->nc, 8);
	memcpy(room + 30, count->cnonce, 8);
	return span_make(room, sizeof(text) - 1);
}

static struct span write_opaque(char room[GUN_CREDENTIALS_BYTES_MAX], struct span opaque)
{
	if (opaque.length == 0 || opaque.length > GUN_CREDENTIALS_BYTES_MAX - 16)
		return (struct span){0};
	memcpy(room, ",opaque=\"", 9);
	memcpy(room + 9, opaque.at, opaque.length);
	room[9 + opaque.length] = '"';
	return span_make(room, 10 + opaque.length);
}

static struct span write(char room[GUN_CREDENTIALS_BYTES_MAX], const struct gun *gun, const struct gun_call *call,
			 const struct credentials *credentials)
{
	const struct gun_digest_challenge *challenge = &credentials->challenge;
	const struct gun_user *user = &gun->pool->user[call->user];
	const struct gun_domain *domain = &gun->pool->domain[user->domain];
	char hex[GUN_DIGEST_HEX_MAX], qop[64], opaque[GUN_CREDENTIALS_BYTES_MAX];
	struct gun_digest_pair made;
	struct gun_digest_count count;
	struct span values[GUN_FIELD_COUNT];

	gun_text_write_hex8(count.nc, credentials->nc);
	memcpy(count.cnonce, gun->messages.run, sizeof(count.cnonce));
	values[GUN_FIELD_HEADER] =
		credentials->is_proxy ? SPAN_LITERAL("Proxy-Authorization") : SPAN_LITERAL("Authorization");
	values[GUN_FIELD_USER] = user->name;
	values[GUN_FIELD_REALM] = challenge->realm;
	values[GUN_FIELD_NONCE] = challenge->nonce;
	values[GUN_FIELD_URI] = credentials->is_register ? domain->uri : gun->pool->dial[call->dial].uri;
	values[GUN_FIELD_RESPONSE] =
		gun_digest_answer(hex, challenge, find_ha1(&made, gun, user, challenge->realm),
				  credentials->is_register ? &domain->ha2 : &gun->pool->dial[call->dial].ha2, &count);
	values[GUN_FIELD_ALGORITHM] =
		challenge->algorithm == DIGEST_MD5 ? SPAN_LITERAL("MD5") : SPAN_LITERAL("SHA-256");
	values[GUN_FIELD_QOP] = write_qop(qop, &count, challenge->has_qop);
	values[GUN_FIELD_OPAQUE] = write_opaque(opaque, challenge->opaque);
	return span_make(room, gun_template_write(room, GUN_CREDENTIALS_BYTES_MAX,
						  &gun->messages.request[GUN_MESSAGE_CREDENTIALS], values));
}

static void keep_nonce(struct gun *gun, const struct gun_call *call, const struct credentials *credentials)
{
	const struct gun_digest_challenge *challenge = &credentials->challenge;
	struct gun_nonce *kept = &gun->nonce[call->user];

	/* Of the domain's own realm only: it is not kept along. */
	if (challenge->nonce.length > GUN_NONCE_BYTES_MAX || challenge->opaque.length > GUN_OPAQUE_BYTES_MAX ||
	    !span_equals(challenge->realm, gun->pool->domain[gun->pool->user[call->user].domain].name))
		return;
	kept->nc = credentials->nc;
	kept->nonce_bytes = (uint8_t)challenge->nonce.length;
	kept->opaque_bytes = (uint8_t)challenge->opaque.length;
	kept->algorithm = challenge->algorithm;
	kept->has_qop = challenge->has_qop;
	kept->is_proxy = credentials->is_proxy;
	memcpy(kept->nonce, challenge->nonce.at, challenge->nonce.length);
	if (challenge->opaque.length > 0)
		memcpy(kept->opaque, challenge->opaque.at, challenge->opaque.length);
}

struct span gun_credentials_answer(char room[GUN_CREDENTIALS_BYTES_MAX], struct gun *gun, const struct gun_call *call,
				   const struct gun_message *challenged)
{
	struct credentials credentials = {.nc = 1, .is_register = challenged->method == SIP_METHOD_REGISTER};

	for (uint32_t i = 0; i < challenged->line_count; i++) {
		const struct gun_line *line = &challenged->line[i];
		if (line->name != SIP_HEADER_PROXY_AUTHENTICATE && line->name != SIP_HEADER_WWW_AUTHENTICATE)
			continue;
		if (!gun_digest_read(&credentials.challenge, gun_read_line_value(challenged, line)))
			continue;
		credentials.is_proxy = line->name == SIP_HEADER_PROXY_AUTHENTICATE;
		if (gun->nonce != NULL)
			keep_nonce(gun, call, &credentials);
		return write(room, gun, call, &credentials);
	}
	return (struct span){0};
}

struct span gun_credentials_reuse(char room[GUN_CREDENTIALS_BYTES_MAX], struct gun *gun, const struct gun_call *call,
				  bool is_register)
{
	struct gun_nonce *kept = gun->nonce ? &gun->nonce[call->user] : NULL;

	if (kept == NULL || kept->nonce_bytes == 0)
		return (struct span){0};
	struct credentials credentials = {.is_proxy = kept->is_proxy, .is_register = is_register, .nc = ++kept->nc};
	credentials.challenge = (struct gun_digest_challenge){
		.realm = gun->pool->domain[gun->pool->user[call->user].domain].name,
		.nonce = span_make(kept->nonce, kept->nonce_bytes),
		.opaque = span_make(kept->opaque, kept->opaque_bytes),
		.has_qop = kept->has_qop,
		.algorithm = kept->algorithm,
	};
	return write(room, gun, call, &credentials);
}
