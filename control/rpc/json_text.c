#include "json_text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "json_memory.h"
#include "net_address.h"

json_t *json_text_make(struct span text)
{
	json_t *string = json_stringn(text.length ? text.at : "", text.length);
	char *copy;

	if (string)
		return string;
	copy = malloc(text.length + 1);
	if (!copy) {
		json_memory_note_shortage();
		return NULL;
	}
	for (uint32_t i = 0; i < text.length; i++)
		copy[i] = text.at[i] > 0 ? text.at[i] : '?';
	string = json_stringn(copy, text.length);
	free(copy);
	return string;
}

json_t *json_text_or_null(struct span text)
{
	return text.length ? json_text_make(text) : json_null();
}

json_t *json_text_make_time(uint64_t unix_ms)
{
	time_t second = (time_t)(unix_ms / 1000);
	char text[64];
	struct tm utc;

	if (!unix_ms || !gmtime_r(&second, &utc))
		return json_null();
	size_t length = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text + length, sizeof(text) - length, ".%03uZ", (unsigned)(unix_ms % 1000));
	return json_string(text);
}

const char *json_text_write_ip(char text[JSON_TEXT_ADDRESS_BYTES_MAX], const uint8_t ip[16])
{
	bool is_v4 = net_address_is_v4(ip);

	if (!inet_ntop(is_v4 ? AF_INET : AF_INET6, is_v4 ? ip + 12 : ip, text, JSON_TEXT_ADDRESS_BYTES_MAX))
		snprintf(text, JSON_TEXT_ADDRESS_BYTES_MAX, "?");
	return text;
}

const char *json_text_write_address(char text[JSON_TEXT_ADDRESS_BYTES_MAX], const uint8_t ip[16], uint16_t port)
{
	char host[JSON_TEXT_ADDRESS_BYTES_MAX], suffix[8] = "";

	json_text_write_ip(host, ip);
	if (port)
		snprintf(suffix, sizeof(suffix), ":%u", port);
	snprintf(text, JSON_TEXT_ADDRESS_BYTES_MAX, net_address_is_v4(ip) ? "%.45s%s" : "[%.45s]%s", host, suffix);
	return text;
}
