#include "message_parse_call_id.h"
#include "message_parse_usual.h"

uint32_t message_parse_avx512(struct sip_message *message)
{
	return parse_usual(message);
}

bool message_parse_avx512_find_call_id(struct span *call_id, struct span bytes)
{
	return find_call_id(call_id, bytes);
}
