-- Written with each booking and never read: the venue's own trade id is what makes a repeat harmless.
drop table portfolio_inbox;
