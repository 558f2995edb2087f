#include "transact_unreachable.h"

void transact_unreachable(struct worker *worker, struct packet *packet)
{
	/* No branch outlives its burst yet. */
	(void)worker;
	packet_end(packet, VERDICT_DROP, REASON_UNREACHABLE_UNKNOWN);
}
