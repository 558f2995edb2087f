#include "call_track.h"
enum reason call_track_admit(struct worker *worker, struct packet *packet)
{
	(void)worker;
	packet->call = 0;
	return REASON_NONE;
}
void call_track_refused(struct worker *worker, const struct packet *packet, enum reason reason)
{
	(void)worker;
	(void)packet;
	(void)reason;
}
enum reason call_track_retarget(struct worker *worker, uint64_t call, const struct packet *packet)
{
	(void)worker;
	(void)packet;
	(void)call;
	return REASON_NONE;
}
void call_track_ringing(struct worker *worker, uint64_t call, uint16_t status)
{
	(void)worker;
	(void)call;
	(void)status;
}
void call_track_answered(struct worker *worker, uint64_t call, const struct sip_message *response)
{
	(void)worker;
	(void)call;
	(void)response;
}
void call_track_failed(struct worker *worker, uint64_t call, uint16_t status, enum reason reason)
{
	(void)worker;
	(void)call;
	(void)status;
	(void)reason;
}
void call_track_refresh(struct worker *worker, uint64_t call, const struct sip_message *message)
{
	(void)worker;
	(void)call;
	(void)message;
}
void call_track_bye(struct worker *worker, uint64_t call, uint32_t callee_tag_hash, bool by_caller)
{
	(void)worker;
	(void)call;
	(void)callee_tag_hash;
	(void)by_caller;
}
