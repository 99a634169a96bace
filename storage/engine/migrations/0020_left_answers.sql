-- Which life of a process is to give the answer; what one leaves when it is over is given by another.
ALTER TABLE unanswered ADD COLUMN owner INTEGER;
