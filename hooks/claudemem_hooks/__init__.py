"""Claude Code hooks: capture writes one file per event, context prints what a session should be told."""
