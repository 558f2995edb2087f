/*
 * The digests of a burst: each as digest_verify() has it, whatever stands beside it.
 */
#include "cmocka_all.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "digest_batch.h"
#include "guard_page.h"
#include "md5_lanes.h"

#define TEXT_MAX 300

/* One request's credentials: its texts lie against a guard page each. */
struct login {
	struct digest_secret secret;
	struct digest_credentials credentials;
	struct span method;
	char response[64];
};

struct place {
	struct guard_page method, uri, nonce, nc_text, cnonce, qop, response;
};

static struct place places[DIGEST_BATCH_MAX];
static struct login logins[DIGEST_BATCH_MAX];
static struct digest_batch batch;

static struct span random_text(struct guard_page *page, uint32_t length)
{
	char text[TEXT_MAX];

	for (uint32_t i = 0; i < length; i++)
		text[i] = (char)('!' + rand() % 90);
	return guard_page_place(page, span_make(text, length));
}

static uint32_t random_length(void)
{
	static const uint32_t usual[] = {0, 1, 3, 7, 8, 9, 15, 16, 17, 32, 33, 36, 47, 48, 49};

	return rand() % 8 ? usual[(size_t)rand() % (sizeof(usual) / sizeof(usual[0]))] : (uint32_t)rand() % TEXT_MAX;
}

/* Says what the right response is: digest_verify() knows it byte by byte from EVP's examples (unit_digest). */
static void answer(struct login *login, struct place *place)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t hash[EVP_MAX_MD_SIZE], ha2[2 * EVP_MAX_MD_SIZE];
	const struct digest_credentials *c = &login->credentials;
	bool is_md5 = c->algorithm == DIGEST_MD5;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint32_t length = is_md5 ? 32 : 64;

	for (int last = 0; last < 2; last++) {
		const struct span first[] = {login->method, c->uri};
		const struct span second[] = {
			span_make(is_md5 ? login->secret.ha1_md5 : login->secret.ha1_sha256, length),
			c->nonce,
			c->nc_text,
			c->cnonce,
			c->qop,
			span_make((char *)ha2, length)};
		uint32_t count = last ? 6 : 2;
		assert_true(EVP_DigestInit_ex(context, is_md5 ? EVP_md5() : EVP_sha256(), NULL));
		for (uint32_t i = 0, pieces = 0; i < count; i++) {
			if (last && !c->qop.length && i >= 2 && i <= 4)
				continue;
			if (pieces++)
				EVP_DigestUpdate(context, ":", 1);
			const struct span piece = last ? second[i] : first[i];
			EVP_DigestUpdate(context, piece.at, piece.length);
		}
		EVP_DigestFinal_ex(context, hash, NULL);
		char *hex = last ? login->response : (char *)ha2;
		for (uint32_t i = 0; i < length; i++)
			hex[i] = digits[hash[i / 2] >> (i % 2 ? 0 : 4) & 15];
	}
	EVP_MD_CTX_free(context);
	login->credentials.response = guard_page_place(&place->response, span_make(login->response, length));
}

static void make_login(struct login *login, struct place *place, uint8_t algorithm)
{
	static const char *const qops[] = {"", "auth", "AUTH", "Auth"};
	const char *qop = qops[rand() % 4];

	for (uint32_t i = 0; i < sizeof(login->secret.ha1_md5); i++)
		login->secret.ha1_md5[i] = "0123456789abcdef"[rand() % 16];
	for (uint32_t i = 0; i < sizeof(login->secret.ha1_sha256); i++)
		login->secret.ha1_sha256[i] = "0123456789abcdef"[rand() % 16];
	login->method = random_text(&place->method, 1 + random_length() % 20);
	login->credentials = (struct digest_credentials){
		.nonce = random_text(&place->nonce, random_length()),
		.uri = random_text(&place->uri, random_length()),
		.cnonce = random_text(&place->cnonce, random_length()),
		.nc_text = random_text(&place->nc_text, *qop ? 1 + random_length() % 20 : 0),
		.qop = guard_page_place(&place->qop, span_of_text(qop)),
		.algorithm = algorithm,
	};
	answer(login, place);
}

/* Breaks a login in one of the ways there are. */
static void spoil(struct login *login, struct place *place, int way)
{
	struct digest_credentials *credentials = &login->credentials;

	if (way == 0) {
		login->response[rand() % credentials->response.length] ^= 1;
		credentials->response =
			guard_page_place(&place->response, span_make(login->response, credentials->response.length));
	} else if (way == 1) {
		credentials->response = guard_page_place(&place->response,
							 span_make(login->response, credentials->response.length - 1));
	} else if (way == 2) {
		credentials->algorithm = DIGEST_UNKNOWN;
	} else if (way == 3) {
		credentials->qop = guard_page_place(&place->qop, SPAN_LITERAL("auth-int"));
	} else {
		login->secret.ha1_md5[31] ^= 1;
		login->secret.ha1_sha256[63] ^= 1;
	}
}

static void verify_all(uint32_t count)
{
	digest_batch_begin(&batch);
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(digest_batch_add(&batch, &logins[i].secret, &logins[i].credentials, logins[i].method),
				 i);
	digest_batch_verify(&batch);
}

static void check(uint32_t count, uint32_t md5_percent, uint32_t wrong_percent)
{
	bool is_right[DIGEST_BATCH_MAX];

	for (uint32_t i = 0; i < count; i++) {
		bool is_md5 = (uint32_t)rand() % 100 < md5_percent;
		make_login(&logins[i], &places[i], is_md5 ? DIGEST_MD5 : DIGEST_SHA256);
		is_right[i] = (uint32_t)rand() % 100 >= wrong_percent;
		if (!is_right[i])
			spoil(&logins[i], &places[i], rand() % 5);
	}
	for (int variant = MD5_LANES_SCALAR; variant <= MD5_LANES_AVX512; variant++) {
		if (!md5_lanes_select((enum md5_lanes_variant)variant))
			continue;
		verify_all(count);
		for (uint32_t i = 0; i < count; i++) {
			const struct login *login = &logins[i];
			assert_int_equal(batch.item[i].is_right, is_right[i]);
			assert_int_equal(digest_verify(&login->secret, &login->credentials, login->method),
					 is_right[i]);
		}
	}
}

static void every_count_of_each_kind(void **state)
{
	(void)state;
	for (uint32_t count = 0; count <= DIGEST_BATCH_MAX; count++)
		for (int round = 0; round < 30; round++) {
			check(count, 100, 0);
			check(count, 100, 40);
			check(count, 60, 40);
			check(count, 0, 10);
		}
}

/* Texts around the length that goes side by side, and around each block before. */
static void every_length(void **state)
{
	(void)state;
	for (uint32_t length = 0; length < TEXT_MAX; length++) {
		for (uint32_t i = 0; i < DIGEST_BATCH_MAX; i++) {
			make_login(&logins[i], &places[i], DIGEST_MD5);
			logins[i].credentials.uri = random_text(&places[i].uri, i % 2 ? length : 20);
			logins[i].credentials.nonce = random_text(&places[i].nonce, i % 2 ? 36 : length);
			logins[i].credentials.cnonce = random_text(&places[i].cnonce, i % 2 ? 16 : 0);
			answer(&logins[i], &places[i]);
		}
		md5_lanes_select_best();
		verify_all(DIGEST_BATCH_MAX);
		for (uint32_t i = 0; i < DIGEST_BATCH_MAX; i++)
			assert_true(batch.item[i].is_right);
	}
}

/* The right answer of a neighbour is not one's own. */
static void answers_of_neighbours_do_not_pass(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < DIGEST_BATCH_MAX; i++) {
		make_login(&logins[i], &places[i], DIGEST_MD5);
		logins[i].credentials.nonce = SPAN_LITERAL("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
		answer(&logins[i], &places[i]);
	}
	struct span first = logins[0].credentials.response;
	for (uint32_t i = 0; i + 1 < DIGEST_BATCH_MAX; i++)
		logins[i].credentials.response = logins[i + 1].credentials.response;
	logins[DIGEST_BATCH_MAX - 1].credentials.response = first;
	verify_all(DIGEST_BATCH_MAX);
	for (uint32_t i = 0; i < DIGEST_BATCH_MAX; i++)
		assert_false(batch.item[i].is_right);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_count_of_each_kind),
		cmocka_unit_test(every_length),
		cmocka_unit_test(answers_of_neighbours_do_not_pass),
	};

	for (uint32_t i = 0; i < DIGEST_BATCH_MAX; i++) {
		struct guard_page *page = (struct guard_page *)&places[i];
		for (size_t k = 0; k < sizeof(places[i]) / sizeof(*page); k++)
			guard_page_build(&page[k], TEXT_MAX);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
