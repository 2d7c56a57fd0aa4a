-- Written with each decision and never read: decision_heads is what makes a repeat harmless.
drop table orders_inbox;
