#include "address_text.h"

#include <arpa/inet.h>

#define IP_TEXT_BYTES_MAX 63

static bool parse_ip(uint8_t ip[16], bool *is_v4, struct span text)
{
	char copy[IP_TEXT_BYTES_MAX + 1];
	if (text.length == 0 || text.length > IP_TEXT_BYTES_MAX)
		return false;
	memcpy(copy, text.at, text.length);
	copy[text.length] = '\0';
	struct in_addr four;
	if (inet_pton(AF_INET, copy, &four) == 1) {
		net_address_set_v4(ip, &four);
		*is_v4 = true;
		return true;
	}
	*is_v4 = false;
	return inet_pton(AF_INET6, copy, ip) == 1;
}

static bool parse_decimal(uint32_t *value, struct span text, uint32_t most)
{
	uint32_t sum = 0;
	if (text.length == 0 || text.length > 5)
		return false;
	for (uint32_t i = 0; i < text.length; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
		sum = 10 * sum + (uint32_t)(text.at[i] - '0');
	}
	*value = sum;
	return sum <= most;
}

static struct span cut_before(struct span *rest, char byte)
{
	const char *at = memchr(rest->at, byte, rest->length);
	if (!at)
		return (struct span){0};
	struct span head = span_make(rest->at, (size_t)(at - rest->at));
	*rest = span_skip(*rest, head.length + 1);
	return head;
}

static bool is_host_name(struct span text)
{
	for (uint32_t i = 0; i < text.length; i++) {
		char byte = span_lower_byte(text.at[i]);
		if (!(byte >= 'a' && byte <= 'z') && !(byte >= '0' && byte <= '9') && byte != '-' && byte != '.' &&
		    byte != '_')
			return false;
	}
	return text.length > 0;
}

/* Not "any", not a group, not everybody. */
static bool is_one_machine(const uint8_t ip[16], bool is_v4)
{
	static const uint8_t any[16] = {0};
	if (is_v4)
		return ip[12] != 0 && ip[12] < 224;
	return ip[0] != 0xff && memcmp(ip, any, sizeof(any)) != 0;
}

const char *address_text_parse(struct net_address *address, struct span text)
{
	struct net_address parsed = {.port = ADDRESS_TEXT_PORT_DEFAULT, .transport = TRANSPORT_UDP};
	struct span rest = text;
	struct span transport = cut_before(&rest, ':');
	if (span_equals(transport, SPAN_LITERAL("tcp")) || span_equals(transport, SPAN_LITERAL("tls")))
		return "transport not available in this build: only udp is";
	if (!span_equals(transport, SPAN_LITERAL("udp")))
		return "must be written as udp:IP:PORT or udp:[IPv6]:PORT";

	struct span host, port = {0};
	bool has_bracket = rest.length > 0 && rest.at[0] == '[', has_port = false, is_v4;
	if (has_bracket) {
		rest = span_skip(rest, 1);
		if (!memchr(rest.at, ']', rest.length))
			return "']' is missing behind the IPv6 address";
		host = cut_before(&rest, ']');
		has_port = rest.length > 0;
		if (has_port && rest.at[0] != ':')
			return "only :PORT may follow the IPv6 address";
		port = span_skip(rest, 1);
	} else {
		has_port = memchr(rest.at, ':', rest.length) != NULL;
		host = has_port ? cut_before(&rest, ':') : rest;
		port = rest;
	}
	if (!has_bracket && has_port && memchr(port.at, ':', port.length))
		return "an IPv6 address must stand in brackets: udp:[IPv6]:PORT";
	uint32_t number = ADDRESS_TEXT_PORT_DEFAULT;
	if (has_port && (!parse_decimal(&number, port, UINT16_MAX) || number == 0))
		return "the port must be 1 to 65535";
	if (!parse_ip(parsed.ip, &is_v4, host) || is_v4 == has_bracket) {
		return !has_bracket && is_host_name(host)
			       ? "host names are not resolved in this build: write the IP address"
			       : "is not an IP address";
	}
	if (!is_one_machine(parsed.ip, is_v4))
		return "is no address of one machine: a call cannot be sent there";
	parsed.port = (uint16_t)number;
	*address = parsed;
	return NULL;
}

const char *address_text_parse_prefix(struct net_prefix *prefix, struct span text)
{
	struct net_prefix parsed = {0};
	struct span rest = text;
	bool has_bits = memchr(text.at, '/', text.length) != NULL, is_v4;
	struct span ip = has_bits ? cut_before(&rest, '/') : text;
	if (!parse_ip(parsed.ip, &is_v4, ip))
		return "must be an IP address or a network such as 192.0.2.0/24";
	uint32_t most = is_v4 ? 32 : 128, bits = most;
	if (has_bits && !parse_decimal(&bits, rest, most))
		return is_v4 ? "the prefix length must be 0 to 32" : "the prefix length must be 0 to 128";
	parsed.length_bits = (uint8_t)(is_v4 ? 96 + bits : bits);
	for (uint32_t bit = parsed.length_bits; bit < 128; bit++)
		if (parsed.ip[bit / 8] & (0x80 >> bit % 8))
			return "has bits set behind the prefix: write the network's own address";
	*prefix = parsed;
	return NULL;
}
