"""What counts against a ResourceQuota: pure rules that admission and the controller share."""
