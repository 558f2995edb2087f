#include "ipv4_read.h"
#include "ipv4_write.h"
#include "lexis.h"
#include "uri_parse.h"

#define GROUP_DIGITS_MAX 4 /* of IPv6 */

/* Takes one group of up to four hexadecimal digits. Result: its length; 0 when there is none. */
static uint32_t take_group(uint16_t *group, struct span text)
{
	uint32_t length = 0;
	*group = 0;
	while (length < text.length && length < GROUP_DIGITS_MAX && lexis_hex_digit(text.at[length]) >= 0)
		*group = (uint16_t)(*group << 4 | lexis_hex_digit(text.at[length++]));
	return length;
}

static bool parse_v6(uint8_t ip[16], struct span text)
{
	uint8_t bytes[16] = {0};
	uint32_t count = 0, gap = UINT32_MAX;
	if (span_starts_with(text, SPAN_LITERAL("::"))) {
		gap = 0;
		text = span_skip(text, 2);
	}
	while (text.length) {
		uint16_t group;
		if (count <= 12 && ipv4_read(bytes + count, text)) {
			count += 4;
			break;
		}
		uint32_t length = take_group(&group, text);
		if (length == 0 || count > 14)
			return false;
		bytes[count++] = (uint8_t)(group >> 8);
		bytes[count++] = (uint8_t)group;
		text = span_skip(text, length);
		if (text.length == 0)
			break;
		if (text.length < 2 || text.at[0] != ':')
			return false;
		text = span_skip(text, 1);
		if (text.at[0] == ':') {
			if (gap != UINT32_MAX)
				return false;
			gap = count;
			text = span_skip(text, 1);
		}
	}
	if (gap == UINT32_MAX ? count != 16 : count > 14)
		return false;
	if (gap == UINT32_MAX)
		gap = count;
	memset(ip, 0, 16);
	memcpy(ip, bytes, gap);
	memcpy(ip + 16 - (count - gap), bytes + gap, count - gap);
	return true;
}

/* Most names end with a letter that no address has: that one look tells. */
static bool ends_as_name(struct span host)
{
	return (uint8_t)((host.at[host.length - 1] | 0x20) - 'g') <= 'z' - 'g';
}

/* An IPv6 address has one behind its first group, at the latest; names, which are more often asked about, do not. */
static bool has_early_colon(struct span host)
{
	for (uint32_t i = 0; i < host.length && i <= GROUP_DIGITS_MAX; i++)
		if (host.at[i] == ':')
			return true;
	return false;
}

bool uri_parse_ip(uint8_t ip[16], struct span host)
{
	uint8_t octets[4];
	if (host.length == 0 || ends_as_name(host))
		return false;
	if (host.length >= 2 && host.at[0] == '[') {
		if (host.at[host.length - 1] != ']')
			return false;
		return parse_v6(ip, span_make(host.at + 1, host.length - 2));
	}
	if ((uint8_t)(*host.at - '0') > 9 || !ipv4_read(octets, host)) /* names, mostly */
		return has_early_colon(host) && parse_v6(ip, host);
	net_address_set_v4(ip, octets);
	return true;
}

/* Without leading zeros there is one way to write an IPv4 address, but for those as an IPv6 one. */
static bool may_be_v6(struct span host)
{
	return (host.length && *host.at == '[') || has_early_colon(host);
}

bool uri_parse_ip_equals(struct span host, const uint8_t ip[16])
{
	uint8_t parsed[16];
	bool is_v4 = net_address_is_v4(ip);
	if (is_v4 && ipv4_write_equals(host, ip + 12))
		return true;
	if (is_v4 && !may_be_v6(host))
		return false;
	return uri_parse_ip(parsed, host) && memcmp(parsed, ip, sizeof(parsed)) == 0;
}
