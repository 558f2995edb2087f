#include "sip_client.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "must.h"

static const char * or (const char *text, const char *otherwise)
{
	return text ? text : otherwise;
}

void sip_request_write(char text[SIP_TEXT_BYTES_MAX], const struct sip_request *request)
{
	const char *method = or (request->method, "INVITE");
	const char *body = or (request->body, "");
	int length = snprintf(text, SIP_TEXT_BYTES_MAX,
			      "%s %s SIP/2.0\r\n"
			      "Via: SIP/2.0/UDP %s;branch=%s\r\n"
			      "Max-Forwards: 70\r\n"
			      "From: %s;tag=%s\r\n"
			      "To: %s\r\n"
			      "Call-ID: %s\r\n"
			      "CSeq: %u %s\r\n"
			      "%sContent-Length: %zu\r\n\r\n%s",
			      method, request->uri, or (request->via, "192.0.2.7:5060"),
			      or (request->branch, "z9hG4bKtest1"), request->from, or (request->from_tag, "callertag"),
			      request->to, or (request->call_id, "call1@test"), request->cseq ? request->cseq : 1,
			      method, or (request->headers, ""), strlen(body), body);
	must(length > 0 && length < SIP_TEXT_BYTES_MAX);
}

bool sip_find_header(char *value, size_t size, const char *message, const char *name, unsigned int nth)
{
	const char *end = strstr(message, "\r\n\r\n");
	size_t name_length = strlen(name);

	for (const char *line = strstr(message, "\r\n"); line && line < end; line = strstr(line + 2, "\r\n")) {
		const char *at = line + 2;
		if (strncasecmp(at, name, name_length) != 0 || at[name_length] != ':' || nth-- > 0)
			continue;
		at += name_length + 1;
		while (*at == ' ')
			at++;
		size_t length = (size_t)(strstr(at, "\r\n") - at);
		must(length < size);
		memcpy(value, at, length);
		value[length] = '\0';
		return true;
	}
	return false;
}

int sip_status(const char *message)
{
	return strncmp(message, "SIP/2.0 ", 8) == 0 ? atoi(message + 8) : 0;
}

static void copy_headers(char *text, const char *received, const char *name)
{
	char value[2048];
	for (unsigned int i = 0; sip_find_header(value, sizeof(value), received, name, i); i++)
		sprintf(text + strlen(text), "%s: %s\r\n", name, value);
}

void sip_response_write(char text[SIP_TEXT_BYTES_MAX], const char *received, int status, const char *to_tag,
			const char *headers)
{
	char to[1024];

	snprintf(text, SIP_TEXT_BYTES_MAX, "SIP/2.0 %d Phrase\r\n", status);
	copy_headers(text, received, "Via");
	copy_headers(text, received, "Record-Route");
	copy_headers(text, received, "From");
	must(sip_find_header(to, sizeof(to), received, "To", 0));
	sprintf(text + strlen(text), "To: %s", to);
	if (to_tag && !strstr(to, ";tag="))
		sprintf(text + strlen(text), ";tag=%s", to_tag);
	strcat(text, "\r\n");
	copy_headers(text, received, "Call-ID");
	copy_headers(text, received, "CSeq");
	strcat(text, headers ? headers : "");
	strcat(text, "Content-Length: 0\r\n\r\n");
}

static void hash_hex(char hex[65], const char *algorithm, const char *text)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int length = 0;

	must(EVP_Digest(text, strlen(text), digest, &length,
			strcmp(algorithm, "SHA-256") == 0 ? EVP_sha256() : EVP_md5(), NULL));
	static const char digits[] = "0123456789abcdef";
	for (unsigned int i = 0; i < length; i++) {
		hex[2 * i] = digits[digest[i] >> 4];
		hex[2 * i + 1] = digits[digest[i] & 15];
	}
	hex[2 * length] = '\0';
}

static void quoted_parameter(char *value, size_t size, const char *challenge, const char *name)
{
	char key[32];
	snprintf(key, sizeof(key), "%s=\"", name);
	const char *at = strstr(challenge, key);
	must(at);
	at += strlen(key);
	size_t length = (size_t)(strchr(at, '"') - at);
	must(length < size);
	memcpy(value, at, length);
	value[length] = '\0';
}

void sip_authorization_write(char line[1024], const char *challenge, const struct sip_account *account,
			     const char *method, const char *uri)
{
	const char *algorithm = or (account->algorithm, "MD5");
	char header[1024], realm[256], nonce[256], text[1024], ha1[65], ha2[65], response[65], qop[64] = "";
	bool proxy = sip_find_header(header, sizeof(header), challenge, "Proxy-Authenticate", 0);

	must(proxy || sip_find_header(header, sizeof(header), challenge, "WWW-Authenticate", 0));
	quoted_parameter(realm, sizeof(realm), header, "realm");
	quoted_parameter(nonce, sizeof(nonce), header, "nonce");
	snprintf(text, sizeof(text), "%s:%s:%s", account->user, realm, account->password);
	hash_hex(ha1, algorithm, text);
	snprintf(text, sizeof(text), "%s:%s", method, uri);
	hash_hex(ha2, algorithm, text);
	if (account->nc)
		snprintf(text, sizeof(text), "%s:%s:%08x:0a4f113b:auth:%s", ha1, nonce, account->nc, ha2);
	else
		snprintf(text, sizeof(text), "%s:%s:%s", ha1, nonce, ha2);
	hash_hex(response, algorithm, text);
	if (account->nc)
		snprintf(qop, sizeof(qop), ", qop=auth, nc=%08x, cnonce=\"0a4f113b\"", account->nc);
	snprintf(line, 1024,
		 "%s: Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", response=\"%s\", "
		 "algorithm=%s%s\r\n",
		 proxy ? "Proxy-Authorization" : "Authorization", account->user, realm, nonce, uri, response, algorithm,
		 qop);
}
