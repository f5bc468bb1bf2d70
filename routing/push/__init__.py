"""Push notifications: `courier` tells webhooks what the outbox (`routing.services.outbox`) holds for them."""
